import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import { emptyReply, type Operation } from '../operation.ts';
import { inventoryBucketOf } from './inventory-bucket.ts';
import { foreignKey } from './rule-addition.ts';
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
    const foreign = foreignKey(exchange.query, ['inventory', 'inventoryId']);
    if (foreign !== undefined) {
      throw new DomainError(
        'InvalidArgument',
        `A DELETE of an inventory rule takes only inventory and inventoryId; "${printable(foreign)}" is not accepted. Runs are cancelled by POST.`,
        { ArgumentName: printable(foreign) },
      );
    }
    await exchange.services.rules.delete(bucket, ruleId);
    return emptyReply(204);
  },
};
