/** What a change of who may do what is checked against besides the state, and what it comes to. */

import type { AccessChange } from '../../core/access-change.ts';
import type { NewAccessKeyView } from '../../core/access-entities.ts';
import type { AccessWrite } from '../../core/access-record.ts';
import type { SecretSealer } from '../secret-sealer.ts';

export interface ChangeContext {
  readonly nowMs: number;
  readonly serverAccount: string;
  readonly sealer: SecretSealer;
  /** Whether buckets belong to an account; such a one can't go. */
  readonly ownsBuckets: (account: string) => boolean;
}

export type ChangeOf<Kind extends AccessChange['kind']> = Extract<AccessChange, { readonly kind: Kind }>;

export interface PlannedChange {
  readonly writes: readonly AccessWrite[];
  readonly newKey?: NewAccessKeyView;
}
