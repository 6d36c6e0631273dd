/** What requests about accounts, users, roles and policies have in common. */

import { z } from 'zod';
import { MAX_ENTITIES_PAGE } from '../core/access-entities.ts';
import { type ErrorCode, hasCode } from '../core/errors.ts';
import { serviceTrust } from '../core/service-trust.ts';
import { pageSchema } from './read-input.ts';

/** No name and no id is longer. */
const MAX_NAME_CHARACTERS = 128;

export const entityPageSchema = pageSchema({ after: MAX_NAME_CHARACTERS, max: MAX_ENTITIES_PAGE });

/** A trust policy; a service, as in `oss.aliyuncs.com`, stands for the one that trusts it. */
export const trustSchema = z.unknown().transform((trust) => (typeof trust === 'string' ? serviceTrust(trust) : trust));

/** `?force=true` removes what a thing holds together with it. */
export const deletionSchema = z.strictObject({
  force: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});

/** Whether `find` finds something: false when it throws `code`. */
export function isThere(code: ErrorCode, find: () => unknown): boolean {
  try {
    find();
    return true;
  } catch (error) {
    if (hasCode(error, code)) return false;
    throw error;
  }
}
