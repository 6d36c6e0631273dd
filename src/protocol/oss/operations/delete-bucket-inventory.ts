import { DomainError } from '../../../core/errors.ts';
import { V1_URL_KEYS } from '../../../core/oss-signature-v1.ts';
import { printable } from '../../../core/printable.ts';
import { emptyReply, type Operation } from '../operation.ts';
import { inventoryBucketOf } from './inventory-bucket.ts';
import { ruleIdParameter } from './rule-id-parameter.ts';

/** DeleteBucketInventory: 204 whether or not there was one (inventory sheet, section 2.3). */
export const deleteBucketInventory: Operation = {
  name: 'DeleteBucketInventory',
  method: 'DELETE',
  level: 'bucket',
  subresource: 'inventory',
  action: 'oss:DeleteBucketInventory',
  resource: 'bucket',
  async handle(exchange) {
    const bucket = inventoryBucketOf(exchange);
    const ruleId = ruleIdParameter(exchange);
    // So that a slip, a DELETE meant for one of the rule's runs, never deletes the rule.
    const foreign = exchange.query.pairs.find(([name]) => !isOwnKey(name));
    if (foreign !== undefined) {
      throw new DomainError(
        'InvalidArgument',
        `A DELETE of an inventory rule takes only inventory and inventoryId; "${printable(foreign[0])}" is not accepted. Runs are cancelled by POST.`,
        { ArgumentName: printable(foreign[0]) },
      );
    }
    await exchange.services.rules.delete(bucket, ruleId);
    return emptyReply(204);
  },
};

function isOwnKey(name: string): boolean {
  const names: readonly string[] = ['inventory', 'inventoryId', ...V1_URL_KEYS];
  return names.includes(name) || name.startsWith('x-oss-');
}
