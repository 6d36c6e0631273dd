import type { StorageClass } from '../../../core/record.ts';
import { node, type XmlNode } from '../../../core/xml.ts';
import { bucketOf, type Operation, xmlReply } from '../operation.ts';

/** How elements name the classes. */
const CLASS_WORDS: readonly (readonly [StorageClass, string])[] = [
  ['Standard', 'Standard'],
  ['IA', 'InfrequentAccess'],
  ['Archive', 'Archive'],
  ['ColdArchive', 'ColdArchive'],
  ['DeepColdArchive', 'DeepColdArchive'],
];

/** GetBucketStat (protocol sheet, section 5.1). The figures are those of this moment, not of an hour ago. */
export const getBucketStat: Operation = {
  name: 'GetBucketStat',
  method: 'GET',
  level: 'bucket',
  subresource: 'stat',
  action: 'oss:GetBucketStat',
  resource: 'bucket',
  async handle(exchange) {
    const totals = exchange.services.store.totals(bucketOf(exchange));
    return xmlReply(
      node('BucketStat', [
        count('Storage', totals.bytes),
        count('ObjectCount', totals.objects),
        count('MultipartUploadCount', totals.uploads),
        count('LiveChannelCount', 0),
        count('LastModifiedTime', Math.floor(totals.lastModifiedMs / 1000)),
        ...CLASS_WORDS.flatMap(([storageClass, word]) => {
          const { objects, bytes } = totals.classes[storageClass] ?? { objects: 0, bytes: 0 };
          return [
            count(`${word}Storage`, bytes),
            // The original bills small objects of these classes as larger ones, and tells the real size besides.
            ...(storageClass === 'Standard' ? [] : [count(`${word}RealStorage`, bytes)]),
            count(`${word}ObjectCount`, objects),
          ];
        }),
        count('DeleteMarkerCount', totals.deleteMarkers),
      ]),
    );
  },
};

function count(name: string, value: number): XmlNode {
  return node(name, String(value));
}
