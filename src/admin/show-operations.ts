/** Operations that show what there is of one kind: page by page, and one by its name. */

import type { EntityPage } from '../core/access-entities.ts';
import { jsonReply } from '../http/json-reply.ts';
import { entityPageSchema } from './entity-input.ts';
import type { Operation } from './operation.ts';
import type { AccessPort, PageStart } from './ports.ts';
import { readQuery } from './read-input.ts';

export interface Shown extends Pick<Operation, 'of'> {
  /** Where all lie, as in `access/users`. */
  readonly path: string;
  /** As permissions name it, as in `user`. */
  readonly kind: string;
  /** What stands for the name in the path of one, as in `name`. */
  readonly param: string;
  readonly listAction: Operation['action'];
  readonly getAction: Operation['action'];
  readonly page: (access: AccessPort, account: string, from: PageStart) => EntityPage<unknown>;
  readonly one: (access: AccessPort, account: string, name: string) => unknown;
}

export function showOperations({
  of,
  path,
  kind,
  param,
  listAction,
  getAction,
  page,
  one,
}: Shown): readonly Operation[] {
  return [
    {
      method: 'GET',
      path,
      of,
      action: listAction,
      resource: () => `${kind}/*`,
      query: ['after', 'limit'],
      async handle({ query, account, services }) {
        return jsonReply(200, page(services.access, account, readQuery(query, entityPageSchema)));
      },
    },
    {
      method: 'GET',
      path: `${path}/{${param}}`,
      of,
      action: getAction,
      resource: (textOf) => `${kind}/${textOf(param)}`,
      async handle({ account, param: textOf, services }) {
        return jsonReply(200, one(services.access, account, textOf(param)));
      },
    },
  ];
}
