/** Access keys of one kind of holder: made, disabled, enabled, deleted. A secret is in one answer, and in no other. */

import assert from 'node:assert/strict';
import type { AccessKeyView, EntityState } from '../core/access-entities.ts';
import { jsonReply } from '../http/json-reply.ts';
import type { Exchange, Operation } from './operation.ts';
import { nothingSchema, readJson } from './read-input.ts';

/** Whose access keys the operations are about. */
export interface KeyHolder extends Pick<Operation, 'of' | 'resource'> {
  /** Where the holder lies: its keys lie below. */
  readonly path: string;
  /** The holder, in the words of a change. */
  readonly named: (exchange: Exchange) => { readonly account: string; readonly user?: string };
  readonly keys: (exchange: Exchange) => readonly AccessKeyView[];
}

export function accessKeyOperations(holder: KeyHolder): readonly Operation[] {
  const { of, resource } = holder;
  const keysPath = `${holder.path}/keys`;
  const tellTarget = ({ setTarget, param }: Exchange, id: string) => setTarget(`${resource(param)} key ${id}`);

  const create: Operation = {
    method: 'POST',
    path: keysPath,
    of,
    action: 'stocktake:CreateAccessKey',
    resource,
    async handle(exchange) {
      await readJson(exchange.request, nothingSchema);
      const change = { ...holder.named(exchange), kind: 'createAccessKey' } as const;
      const [key] = await exchange.services.access.execute([change]);
      assert(key !== undefined, 'a change that makes an access key made none');
      tellTarget(exchange, key.id);
      return jsonReply(201, key);
    },
  };

  const switchTo = (state: EntityState, verb: string, action: Operation['action']): Operation => ({
    method: 'POST',
    path: `${keysPath}/{key}/${verb}`,
    of,
    action,
    resource,
    async handle(exchange) {
      await readJson(exchange.request, nothingSchema);
      const id = exchange.param('key');
      tellTarget(exchange, id);
      const change = { ...holder.named(exchange), kind: 'setAccessKeyState', id, state } as const;
      await exchange.services.access.execute([change]);
      return jsonReply(
        200,
        holder.keys(exchange).find((key) => key.id === id),
      );
    },
  });

  const remove: Operation = {
    method: 'DELETE',
    path: `${keysPath}/{key}`,
    of,
    action: 'stocktake:DeleteAccessKey',
    resource,
    async handle(exchange) {
      const id = exchange.param('key');
      tellTarget(exchange, id);
      await exchange.services.access.execute([{ ...holder.named(exchange), kind: 'deleteAccessKey', id }]);
      return jsonReply(200, {});
    },
  };

  return [
    create,
    switchTo('disabled', 'disable', 'stocktake:DisableAccessKey'),
    switchTo('enabled', 'enable', 'stocktake:EnableAccessKey'),
    remove,
  ];
}
