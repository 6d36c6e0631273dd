/** What is asked when a permission is needed: who, which action, on what, and under which circumstances. */

import type { Bucket } from '../core/bucket.ts';
import type { Policy } from '../core/policy.ts';
import type { ObjectAcl } from '../core/record.ts';
import type { Tag } from '../core/stored-object.ts';
import type { Identity } from './identity.ts';

export interface AccessRequest {
  readonly identity: Identity;
  /** As in `oss:GetObject`. */
  readonly action: string;
  readonly resource: Resource;
  readonly context: RequestContext;
}

/** A thing that is guarded, with the facts about it that decide. `resource.ts` makes them. */
export interface Resource {
  /** Where ACLs and the texts of refusals differ; `other` is what OSS knows nothing of: users, keys, this server. */
  readonly level: 'service' | 'bucket' | 'object' | 'other';
  /** As policies name it: `acs:oss:<region>:<owner>:<bucket>[/<key>]` (protocol sheet, section 4.1). */
  readonly arn: string;
  /** The account that it belongs to. */
  readonly owner: string;
  /** Of the bucket that it is, or lies in. */
  readonly bucket?: {
    readonly acl: Bucket['acl'];
    readonly policy?: Policy;
    readonly tags: readonly Tag[];
  };
  /** Looks the object up, when a decision needs it; undefined when there is none. Without it ACLs grant nothing. */
  readonly object?: () => ObjectFacts | undefined;
}

export interface ObjectFacts {
  readonly acl: ObjectAcl;
  readonly tags: readonly Tag[];
}

/** The circumstances that conditions of policies may ask for (protocol sheet, section 4.1). */
export interface RequestContext {
  readonly nowMs: number;
  /** The peer's address; absent for what the server does by itself. */
  readonly sourceIp?: string;
  /** Whether the request came over TLS. */
  readonly isSecure?: boolean;
  readonly userAgent?: string;
  /** Parameters of a listing. */
  readonly prefix?: string;
  readonly delimiter?: string;
  /** The tags that an object is to get. */
  readonly requestTags?: readonly Tag[];
}

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly refusal: Refusal };

export interface Refusal {
  readonly kind: 'ExplicitDeny' | 'ImplicitDeny';
  /** What refused: whose policy said no, or whose silence. */
  readonly by: 'identity' | 'session' | 'bucket' | 'acl' | 'account' | 'anonymous';
  /** The name of the attached policy that denied. */
  readonly policy?: string;
  /** The text of the wire (protocol sheet, section 2.5). */
  readonly message: string;
}
