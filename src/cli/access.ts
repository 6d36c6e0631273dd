import type { Command } from 'commander';
import { addAccountCommands } from './access-account.ts';
import { addAssumeRoleCommand } from './access-assume-role.ts';
import { addAttachCommands } from './access-attach.ts';
import { addDocumentCommands } from './access-document.ts';
import { addAccessKeyCommands } from './access-key.ts';
import { addPolicyCommands } from './access-policy.ts';
import { addRoleCommands } from './access-role.ts';
import { addUserCommands } from './access-user.ts';

export function addAccessCommands(program: Command): void {
  const access = program
    .command('access')
    .description('who may do what: accounts, users, access keys, roles and policies')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
A user who may only manage the rules of the bucket photos, and a role that may only write reports below inventory/:
  $ stocktake access policy put rules-of-photos --allow 'oss:*BucketInventory' --on photos
  $ stocktake access user create anna --policy rules-of-photos --key
  $ stocktake access policy put write-inventory --allow oss:PutObject --on 'reports/inventory/*'
  $ stocktake access role create inventory-writer --trust oss.aliyuncs.com --policy write-inventory`,
    );
  addUserCommands(access);
  addAccessKeyCommands(access);
  addRoleCommands(access);
  addPolicyCommands(access);
  addAttachCommands(access);
  addAssumeRoleCommand(access);
  addDocumentCommands(access);
  addAccountCommands(access);
}
