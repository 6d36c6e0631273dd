/**
 * The query parameters that a V1 signature covers (protocol sheet, section 1.3). The documentation lists only part of
 * them and each SDK carries a list of its own, so this is the union: every listed client signs a parameter of this
 * set whenever it sends it. Parameters not covered, like `prefix` or `marker`, travel unsigned.
 */

const DOCUMENTED = `acl uploads location cors logging website referer lifecycle delete append tagging objectMeta
  uploadId partNumber security-token position img style styleName replication replicationProgress
  replicationLocation cname bucketInfo comp qos live status vod startTime endTime symlink response-content-type
  response-content-language response-expires response-cache-control response-content-disposition
  response-content-encoding`;

const JAVA_V1 = `udf udfName udfImage udfImageDesc udfApplication udfApplicationLog stat restore versions versioning
  versionId encryption policy requestPayment qosInfo asyncFetch sequential vpcip vip inventory inventoryId
  continuation-token worm wormId wormExtend callback callback-var transferAcceleration metaQuery resourceGroup
  regionList bucketArchiveDirectRead httpsConfig publicAccessBlock policyStatus redundancyTransition accessPoint
  accessPointPolicy seal`;

const PYTHON_V1 =
  'group link objectInfo requesterQosInfo qosRequester resourcePoolInfo resourcePool resourcePoolBuckets';

const OTHERS = 'cloudboxes withHashContext';

const SDK_V2 = `accessPoint accessPointConfigForObjectProcess accessPointForObjectProcess accessPointPolicy
  accessPointPolicyForObjectProcess bucketArchiveDirectRead cleanRestoredObject cloudboxes cname comp cors encryption
  httpsConfig inventory inventoryId legalHold lifecycle logging metaQuery objectWorm overwriteConfig policy
  policyStatus publicAccessBlock redundancyTransition referer replication replicationLocation replicationProgress
  requestPayment resourceGroup retention rtc seal style styleName tagging transferAcceleration
  userDefinedLogFieldsConfig website worm wormExtend wormId`;

/** The names of section 1.3 that do not begin with `x-oss-`; those that do are signed by their prefix. */
const signedSubresources: ReadonlySet<string> = new Set(
  [DOCUMENTED, JAVA_V1, PYTHON_V1, OTHERS, SDK_V2].flatMap((names) => names.split(/\s+/)),
);

/** True when a V1 signature covers the query parameter of this name. */
export function isSignedSubresource(name: string): boolean {
  return name.startsWith('x-oss-') || signedSubresources.has(name);
}
