import { DomainError } from '../../../core/errors.ts';
import type { Exchange } from '../operation.ts';

/** The query's `inventoryId`; missing or empty it is EC 0020-00000002 (inventory sheet, section 3.3). */
export function ruleIdParameter({ query }: Exchange): string {
  const ruleId = query.get('inventoryId');
  if (ruleId !== undefined && ruleId !== '') return ruleId;
  throw new DomainError(
    'RuleIdParameterMissing',
    'The query parameter inventoryId is missing or empty; it names the inventory rule, as in ?inventory&inventoryId=report1.',
    { ArgumentName: 'inventoryId' },
  );
}
