/**
 * A rule as XML: how a PUT body becomes a draft, and how a rule is echoed by GET and LIST (the inventory sheet,
 * sections 1.2, 2.1 and 2.2). Only names and places of elements are known here; what a value may be is core's.
 */
import { DomainError, hasCode } from '../../core/errors.ts';
import { BUCKET_ARN_PREFIX, type Rule, type RuleEncryption, type RuleFilter } from '../../core/rule.ts';
import type {
  DestinationDraft,
  EncryptionDraft,
  FilterDraft,
  IncrementalDraft,
  RuleDraft,
  ScheduleDraft,
} from '../../core/rule-draft.ts';
import { child, childrenNamed, childText, node, parseXml, type XmlElement, type XmlNode } from '../../core/xml.ts';

/** A rule with every element at its longest takes some 20 KiB; the rest is room for comments and white space. */
export const RULE_DOCUMENT_LIMITS = { maxBytes: 64 * 1024, maxDepth: 16, maxElements: 1_000 } as const;

const ROOT = 'InventoryConfiguration';

/** Reads a PUT body. Elements may come in any order, unknown ones are passed over, and of a repeated one the first
 *  counts (section 7.2). Throws `RuleNotXml` when the body is not XML or not of this kind. */
export function parseRuleDocument(body: Uint8Array): RuleDraft {
  const root = parseRoot(body);
  const destination = descend(root, 'Destination', 'OSSBucketDestination');
  const incremental = child(root, 'IncrementalInventory');
  return {
    id: childText(root, 'Id'),
    isEnabled: childText(root, 'IsEnabled'),
    filter: mapIfPresent(child(root, 'Filter'), readFilter),
    destination: mapIfPresent(destination, readDestination),
    schedule: mapIfPresent(child(root, 'Schedule'), readSchedule),
    includedObjectVersions: childText(root, 'IncludedObjectVersions'),
    optionalFields: readFields(root),
    incrementalInventory: mapIfPresent(incremental, readIncremental),
  };
}

/** A rule as GET answers it: the sample's order of elements, and always a `Filter/Prefix`, without which ali-oss
 *  can't read the answer (section 7.3). */
export function ruleNode(rule: Rule): XmlNode {
  const { destination, schedule } = rule;
  return node(ROOT, [
    node('Id', rule.id),
    node('IsEnabled', String(rule.isEnabled)),
    node('Destination', [
      node('OSSBucketDestination', [
        node('Format', destination.format),
        node('AccountId', destination.accountId),
        node('RoleArn', destination.roleArn),
        node('Bucket', BUCKET_ARN_PREFIX + destination.bucket),
        ...ifPresent('Prefix', destination.prefix),
        ...encryptionNodes(destination.encryption),
      ]),
    ]),
    node('Schedule', [
      node('Frequency', schedule.frequency),
      ...ifPresent('DayOfMonth', schedule.dayOfMonth),
      ...ifPresent('AutoDelete', schedule.autoDelete),
    ]),
    filterNode(rule.filter),
    node('IncludedObjectVersions', rule.includedObjectVersions),
    ...fieldNodes(rule.optionalFields),
  ]);
}

/** One page of a listing. The tokens are Ids: the one the client came with, and the last of a page that others
 *  follow, whose presence is what "truncated" means. */
export interface RulePage {
  readonly rules: readonly Rule[];
  readonly continuationToken?: string | undefined;
  readonly nextContinuationToken?: string | undefined;
}

/** A page as LIST answers it (section 2.2). One without rules is not for here: the original answers NoSuchInventory. */
export function ruleListNode(page: RulePage): XmlNode {
  return node('ListInventoryConfigurationsResult', [
    ...page.rules.map(ruleNode),
    ...ifPresent('ContinuationToken', page.continuationToken),
    node('IsTruncated', String(page.nextContinuationToken !== undefined)),
    ...ifPresent('NextContinuationToken', page.nextContinuationToken),
  ]);
}

function parseRoot(body: Uint8Array): XmlElement {
  const root = parseOrRefuse(body);
  if (root.name === ROOT) return root;
  throw new DomainError('RuleNotXml', `The root element must be ${ROOT}`);
}

function parseOrRefuse(body: Uint8Array): XmlElement {
  try {
    return parseXml(body, RULE_DOCUMENT_LIMITS);
  } catch (error) {
    if (hasCode(error, 'MalformedXml')) throw new DomainError('RuleNotXml', error.message, {}, { cause: error });
    throw error;
  }
}

function readFilter(filter: XmlElement): FilterDraft {
  return {
    prefix: childText(filter, 'Prefix'),
    lastModifiedBegin: childText(filter, 'LastModifyBeginTimeStamp'),
    lastModifiedEnd: childText(filter, 'LastModifyEndTimeStamp'),
    lowerSizeBytes: childText(filter, 'LowerSizeBound'),
    upperSizeBytes: childText(filter, 'UpperSizeBound'),
    storageClass: childText(filter, 'StorageClass'),
  };
}

function readDestination(destination: XmlElement): DestinationDraft {
  return {
    format: childText(destination, 'Format'),
    accountId: childText(destination, 'AccountId'),
    roleArn: childText(destination, 'RoleArn'),
    bucket: childText(destination, 'Bucket'),
    prefix: childText(destination, 'Prefix'),
    encryption: mapIfPresent(child(destination, 'Encryption'), readEncryption),
  };
}

function readEncryption(encryption: XmlElement): EncryptionDraft {
  const readKeyId = (method: XmlElement) => ({ keyId: childText(method, 'KeyId') });
  return {
    sseOss: mapIfPresent(child(encryption, 'SSE-OSS'), readKeyId),
    sseKms: mapIfPresent(child(encryption, 'SSE-KMS'), readKeyId),
  };
}

function readSchedule(schedule: XmlElement): ScheduleDraft {
  return {
    frequency: childText(schedule, 'Frequency'),
    dayOfMonth: childText(schedule, 'DayOfMonth'),
    autoDelete: childText(schedule, 'AutoDelete'),
  };
}

function readIncremental(incremental: XmlElement): IncrementalDraft {
  return {
    isEnabled: childText(incremental, 'IsEnabled'),
    frequency: descend(incremental, 'Schedule', 'Frequency')?.text,
    optionalFields: readFields(incremental),
  };
}

function readFields(parent: XmlElement): readonly string[] | undefined {
  const read = (fields: XmlElement) => childrenNamed(fields, 'Field').map((field) => field.text);
  return mapIfPresent(child(parent, 'OptionalFields'), read);
}

function descend(element: XmlElement, ...names: readonly string[]): XmlElement | undefined {
  let found: XmlElement | undefined = element;
  for (const name of names) found = found && child(found, name);
  return found;
}

function mapIfPresent<T>(element: XmlElement | undefined, read: (element: XmlElement) => T): T | undefined {
  return element === undefined ? undefined : read(element);
}

function filterNode(filter: RuleFilter): XmlNode {
  return node('Filter', [
    node('Prefix', filter.prefix),
    ...ifPresent('LastModifyBeginTimeStamp', filter.lastModifiedBegin),
    ...ifPresent('LastModifyEndTimeStamp', filter.lastModifiedEnd),
    ...ifPresent('LowerSizeBound', filter.lowerSizeBytes),
    ...ifPresent('UpperSizeBound', filter.upperSizeBytes),
    ...ifPresent('StorageClass', filter.storageClasses?.join(',')),
  ]);
}

function encryptionNodes(encryption: RuleEncryption | undefined): readonly XmlNode[] {
  if (encryption === undefined) return [];
  const keyId = encryption.method === 'SSE-KMS' ? encryption.keyId : undefined;
  return [node('Encryption', [node(encryption.method, ifPresent('KeyId', keyId))])];
}

function fieldNodes(fields: readonly string[]): readonly XmlNode[] {
  if (fields.length === 0) return [];
  const nodes = fields.map((field) => node('Field', field));
  return [node('OptionalFields', nodes)];
}

function ifPresent(name: string, value: string | number | boolean | undefined): readonly XmlNode[] {
  return value === undefined ? [] : [node(name, String(value))];
}
