/** Tags as XML, of an object or a bucket alike (protocol sheet, section 5.1). What a tag may be is core's. */

import { DomainError } from '../../core/errors.ts';
import type { Tag } from '../../core/stored-object.ts';
import { child, childrenNamed, childText, node, type XmlElement, type XmlNode } from '../../core/xml.ts';

export const TAGGING_ROOT = 'Tagging';

/** The tags of `Tagging/TagSet`; a tag without a `Value` has an empty one. */
export function readTagging(root: XmlElement): Tag[] {
  const set = child(root, 'TagSet');
  if (set === undefined) throw new DomainError('MalformedXml', 'Tagging has no TagSet.');
  return childrenNamed(set, 'Tag').map((tag) => {
    const key = childText(tag, 'Key');
    if (key === undefined) throw new DomainError('MalformedXml', 'A Tag of TagSet has no Key.');
    return { key, value: childText(tag, 'Value') ?? '' };
  });
}

/** Tags as GET answers them; without any the set is empty. */
export function taggingNode(tags: readonly Tag[]): XmlNode {
  const nodes = tags.map(({ key, value }) => node('Tag', [node('Key', key), node('Value', value)]));
  return node(TAGGING_ROOT, [node('TagSet', nodes)]);
}
