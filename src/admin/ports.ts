/** What the admin API wants of the rest of the server. */

import type { AccountAccess, AppliedAccess, ApplyOptions, WantedAccess } from '../access/account-access.ts';
import type { Identity } from '../access/identity.ts';
import type { AccessChange } from '../core/access-change.ts';
import type {
  AccountView,
  EntityPage,
  EntityState,
  NewAccessKeyView,
  PolicyView,
  RoleView,
  UserView,
} from '../core/access-entities.ts';
import type { AuditTrail } from '../core/audit.ts';
import type { BackupView, NewBackup } from '../core/backup.ts';
import type { ClockMove, ClockView, MovedClock } from '../core/clock-view.ts';
import type { KeyPage, KeyView, NewKey } from '../core/encryption-key.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { RunListPage, RunListRequest } from '../core/run-list.ts';
import type { SignedRequest } from '../core/signed-request.ts';
import type { NewWebhookView, WebhookSettings, WebhookView } from '../core/webhook.ts';
import type { DeliveryDetails, DeliveryView } from '../core/webhook-delivery.ts';

export interface AdminServices {
  /** The account that the server was started for: it administers the server itself, and the other accounts. */
  readonly serverAccount: string;
  readonly now: () => number;
  /** Who signed a request, as on the wire; throws what is wrong with the signature. */
  authenticate(request: SignedRequest): Authenticated;
  /** Status and code of an error, as on the wire. */
  describeError(code: ErrorCode): { readonly status: number; readonly code: string };
  readonly audit: AuditTrail;
  /** Whatever permission some operation of the server needs. */
  readonly permissions: readonly Permission[];
  readonly access: AccessPort;
  readonly keys: KeyPort;
  readonly backups: BackupPort;
  readonly runs: RunsPort;
  readonly webhooks: WebhookPort;
  readonly clock: ClockPort;
}

/** An action, and a kind of thing that it is needed on. */
export interface Permission {
  readonly action: string;
  readonly on: 'service' | 'bucket' | 'object' | 'key' | 'role' | 'admin';
}

export interface Authenticated {
  readonly identity: Identity;
  readonly signature: 'none' | 'v1' | 'v4';
  /** The URL is signed, and so good for whoever was handed it. */
  readonly isUrl: boolean;
}

/**
 * Who may do what. Methods that take an account's id throw `NoSuchAccount` when there is none of it, and those that take
 * a name `NoSuchUser`, `NoSuchRole` or `NoSuchPolicy`.
 */
export interface AccessPort {
  /** Makes all of the changes or, rejecting, none. For each that made an access key, the key with its secret. */
  execute(changes: readonly AccessChange[]): Promise<readonly (NewAccessKeyView | undefined)[]>;
  accounts(after: string, limit: number): EntityPage<AccountView>;
  account(id: string): AccountView;
  users(account: string, after: string, limit: number): EntityPage<UserView>;
  user(account: string, name: string): UserView;
  roles(account: string, after: string, limit: number): EntityPage<RoleView>;
  role(account: string, name: string): RoleView;
  /** The account's own and those of the system. */
  policies(account: string, after: string, limit: number): EntityPage<PolicyView>;
  policy(account: string, name: string): PolicyView;
  /** Who may do what in an account, as documents have it. */
  accountAccess(account: string): AccountAccess;
  /** Brings an account to what a document says, all of it or nothing, with no change by others in between. */
  apply(account: string, wanted: WantedAccess, options: ApplyOptions): Promise<AppliedAccess>;
}

export interface RunsPort {
  /** Runs of the rules of an account's buckets; throws `NoSuchBucket` for one that is not the account's. */
  list(account: string, request: RunListRequest): Promise<RunListPage>;
}

export interface BackupPort {
  /** Begins a backup; throws `InvalidArgument` for a folder that can't be, `BackupUnderWay` while there is another. */
  start(backup: NewBackup): Promise<BackupView>;
  /** The last one that was begun since the server started; throws `NoSuchBackup`. */
  last(): BackupView;
}

export interface ClockPort {
  view(): ClockView;
  /** Throws `ClockNotVirtual`, `ClockMoving`, and `InvalidArgument` for a time that it can't go to. */
  move(move: ClockMove): Promise<MovedClock>;
}

/** Methods that take an id throw `NoSuchWebhook` when the account has none of it. */
export interface WebhookPort {
  /** Throws `NoSuchAccount`, `EntityLimitReached`, or `InvalidArgument` for a URL that can't be. */
  create(account: string, settings: WebhookSettings): Promise<NewWebhookView>;
  list(account: string, from: PageStart): Promise<EntityPage<WebhookView>>;
  get(account: string, id: string): Promise<WebhookView>;
  replace(account: string, id: string, settings: WebhookSettings): Promise<WebhookView>;
  setState(account: string, id: string, state: EntityState): Promise<WebhookView>;
  rotateSecret(account: string, id: string, graceHours: number): Promise<NewWebhookView>;
  delete(account: string, id: string): Promise<void>;
  /** Throws `WebhookDisabled`. */
  test(account: string, id: string): Promise<DeliveryView>;
  /** Newest first. */
  deliveries(account: string, id: string, from: PageStart): Promise<EntityPage<DeliveryView>>;
  /** Throws `NoSuchDelivery`. */
  delivery(account: string, id: string, delivery: string): Promise<DeliveryDetails>;
  /** Throws `NoSuchDelivery` or `WebhookDisabled`. */
  retry(account: string, id: string, delivery: string): Promise<DeliveryView>;
}

/** A page of a list: what it begins behind, and how many things it may hold. */
export interface PageStart {
  readonly after: string;
  readonly limit: number;
}

/** Methods that take an id throw `EncryptionKeyNotFound` when there is no such key. */
export interface KeyPort {
  create(key: NewKey): Promise<KeyView>;
  list(after: string, limit: number): Promise<KeyPage>;
  get(id: string): Promise<KeyView>;
  disable(id: string): Promise<KeyView>;
  enable(id: string): Promise<KeyView>;
  scheduleDeletion(id: string, days?: number): Promise<KeyView>;
  cancelDeletion(id: string): Promise<KeyView>;
}
