/** Tags of a bucket. They are freer in their characters than those of an object, and shorter. */

import { printable } from './printable.ts';
import type { Tag } from './stored-object.ts';
import { checkTagSet, type TagRules } from './tag-set.ts';

/** Keys that begin so are the original's own. */
const RESERVED = ['http://', 'https://', 'Aliyun'];

const RULES: TagRules = {
  maxTags: 20,
  key: {
    maxBytes: 64,
    faultOf(key) {
      if (!RESERVED.some((start) => key.startsWith(start))) return undefined;
      return `The tag key "${printable(key)}" begins as none may: ${RESERVED.join(', ')} are reserved.`;
    },
  },
  value: { maxBytes: 128, faultOf: () => undefined },
};

/** Throws, naming the tag, unless the tags may stand together on a bucket. */
export function checkBucketTags(tags: readonly Tag[]): void {
  checkTagSet(tags, RULES);
}
