/**
 * Roles that reports are written with. The default role is made at the first start, as the original's console does;
 * making roles of one's own and evaluating their policies come with access control.
 */

import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export const DEFAULT_ROLE = 'AliyunOSSRole';

/** Who may assume a role that OSS works with (inventory sheet, section 5). */
const OSS_SERVICE = 'oss.aliyuncs.com';

const TRUSTS_OSS = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [OSS_SERVICE] } }],
};
const FULL_ACCESS = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'oss:*', Resource: ['acs:oss:*:*:*'] }] };

export class RoleTable {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Makes a role that OSS may assume and that may do everything, unless there is one of its name. */
  async ensure(accountId: string, name: string, nowMs: number): Promise<void> {
    await this.#db
      .insertInto('roles')
      .values({
        arn: roleArn(accountId, name),
        account_id: accountId,
        name,
        trust_policy: JSON.stringify(TRUSTS_OSS),
        permission_policy: JSON.stringify(FULL_ACCESS),
        created_at: nowMs,
      })
      .onConflict((conflict) => conflict.column('arn').doNothing())
      .execute();
  }

  async has(arn: string): Promise<boolean> {
    return (await this.#db.selectFrom('roles').select('arn').where('arn', '=', arn).executeTakeFirst()) !== undefined;
  }
}

export function roleArn(accountId: string, name: string): string {
  return `acs:ram::${accountId}:role/${name}`;
}
