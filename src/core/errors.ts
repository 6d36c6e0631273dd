/**
 * What can be wrong, in our own words. Code below the wire throws a `DomainError` with one of these codes;
 * `protocol/oss/error-table.ts` turns each into the status, `Code` and `EC` of the wire, and the compiler sees to
 * it that none is left out. No HTTP number lives below the protocol.
 */
export type ErrorCode =
  // requests
  | 'InvalidArgument'
  | 'MalformedXml'
  | 'MissingArgument'
  | 'MissingContentLength'
  | 'MethodNotAllowed'
  | 'NoSuchPath'
  | 'NotImplemented'
  | 'InternalError'
  | 'StorageFull'
  | 'StorageUnusable'
  // who asks
  | 'AccessDenied'
  | 'AnonymousForbidden'
  | 'AuthorizationMalformed'
  | 'SigningRegionInvalid'
  | 'CredentialDateInvalid'
  | 'CredentialScopeInvalid'
  | 'ContentSha256Invalid'
  | 'AdditionalHeadersEmpty'
  | 'AdditionalHeaderNameEmpty'
  | 'DateMissing'
  | 'RequestTimeTooSkewed'
  | 'InvalidAccessKeyId'
  | 'SignatureDoesNotMatch'
  | 'SignatureEmpty'
  | 'SignedTwice'
  | 'UrlKeyIdMissing'
  | 'UrlExpiresMissing'
  | 'UrlSignatureMissing'
  | 'UrlExpiresInvalid'
  | 'UrlExpired'
  | 'UrlVersionInvalid'
  | 'UrlV4CredentialMissing'
  | 'UrlV4RegionInvalid'
  | 'UrlV4CredentialInvalid'
  | 'UrlV4CredentialDateInvalid'
  | 'UrlV4ExpiresMissing'
  | 'UrlV4ExpiresInvalid'
  | 'UrlV4SignatureMissing'
  | 'UrlV4Expired'
  | 'SecurityTokenInHeader'
  | 'InvalidSecurityToken'
  // buckets and objects
  | 'InvalidBucketName'
  | 'NoSuchBucket'
  | 'BucketAlreadyExists'
  | 'BucketNotEmpty'
  | 'TooManyBuckets'
  | 'InvalidLocationConstraint'
  | 'InvalidObjectName'
  | 'NoSuchKey'
  | 'InvalidDigest'
  | 'InvalidCrc64'
  | 'IncompleteBody'
  | 'EntityTooLarge'
  | 'InvalidRange'
  | 'MetadataTooLarge'
  // versions, conditions, parts, tags
  | 'VersionIdInvalid'
  | 'NoSuchVersion'
  | 'DeleteMarkerNotAllowed'
  | 'FileAlreadyExists'
  | 'PreconditionFailed'
  | 'NotModified'
  | 'AnonymousOverride'
  | 'CopySourceIsMarker'
  | 'NoSuchUpload'
  | 'InvalidPart'
  | 'InvalidPartOrder'
  | 'EntityTooSmall'
  | 'PartListMalformed'
  | 'CompleteAllWithBody'
  | 'InvalidTag'
  | 'InvalidTaggingKey'
  | 'RepeatedTags'
  | 'TooManyTags'
  | 'ObjectAclInvalid'
  | 'NoSuchEncryptionRule'
  // encryption and keys
  | 'EncryptionAlgorithmInvalid'
  | 'EncryptionKeyNotFound'
  | 'EncryptionKeyDisabled'
  | 'EncryptionKeyPendingDeletion'
  | 'EncryptionKeyNotSymmetric'
  | 'KeyServiceOff'
  | 'RuleKeyUnusable'
  | 'EncryptionKeyExists'
  // rules (spec/oss-inventory.md section 3.3)
  | 'RuleIdParameterMissing'
  | 'RuleNotXml'
  | 'RuleIdMissing'
  | 'RuleIsEnabledNotBoolean'
  | 'RuleIsEnabledMissing'
  | 'FilterBeginNotInteger'
  | 'FilterEndNotInteger'
  | 'FilterLowerSizeNotInteger'
  | 'FilterUpperSizeNotInteger'
  | 'RuleFormatMissing'
  | 'RuleAccountIdMissing'
  | 'RuleRoleArnMissing'
  | 'RuleBucketMissing'
  | 'RuleEncryptionAmbiguous'
  | 'RuleFrequencyMissing'
  | 'RuleVersionsMissing'
  | 'DestinationInOtherRegion'
  | 'RuleScheduleInvalid'
  | 'FilterPrefixInvalid'
  | 'FilterTimesInvalid'
  | 'FilterEndOutOfRange'
  | 'FilterUpperSizeOutOfRange'
  | 'FilterLowerSizeOutOfRange'
  | 'FilterStorageClassUnknown'
  | 'RuleFormatInvalid'
  | 'RuleAccountIdInvalid'
  | 'RuleRoleArnInvalid'
  | 'DestinationArnInvalid'
  | 'DestinationNameLength'
  | 'DestinationUnknown'
  | 'DestinationOfOtherAccount'
  | 'DestinationPrefixInvalid'
  | 'RuleSseOssKeyId'
  | 'RuleFieldUnknown'
  | 'RuleVersionsInvalid'
  | 'RuleTextTooLong'
  | 'RuleLimitReached'
  | 'DailyObjectLimit'
  | 'WeeklyObjectLimit'
  | 'RuleExists'
  | 'RuleIdMismatch'
  | 'RuleIdInvalid'
  | 'RuleVersionsNeedVersioning'
  | 'IncrementalDisabled'
  | 'InventoryOff'
  | 'NoSuchRule'
  // backups
  | 'BackupUnderWay'
  | 'NoSuchBackup'
  // runs
  | 'NoSuchRun'
  | 'RunUnderWay'
  | 'RuleDisabled'
  | 'DestinationGone'
  | 'SourceGone'
  | 'RoleLost'
  | 'ReportKeyUnusable'
  | 'ReportKeyTooLong'
  | 'ReportInconsistent';

/** Facts about an error that the wire may show as elements of their own. Never a secret. */
export type ErrorDetails = Readonly<Record<string, string>>;

/** An expected failure: the message says what, on which thing, and what would be accepted. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DomainError';
    this.code = code;
    this.details = details;
  }
}

/** True when `error` is a `DomainError` with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is DomainError {
  return error instanceof DomainError && error.code === code;
}
