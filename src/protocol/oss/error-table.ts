/**
 * Every error on the wire: status, `Code` and `EC` (protocol sheet, sections 2.5 and 3.3; inventory sheet, section
 * 3.3). The type makes the table total: a code without a row doesn't compile.
 */

import type { ErrorCode } from '../../core/errors.ts';

export interface ErrorRow {
  readonly status: number;
  readonly code: string;
  readonly ec?: string;
}

const row = (status: number, code: string, ec?: string): ErrorRow =>
  ec === undefined ? { status, code } : { status, code, ec };
const malformedRule = (number: string) => row(400, 'MalformedXML', `0020-000000${number}`);
const invalidRule = (number: string) => row(400, 'InvalidArgument', `0020-000000${number}`);

export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorRow>> = {
  InvalidArgument: row(400, 'InvalidArgument'),
  MalformedXml: row(400, 'MalformedXML'),
  MissingArgument: row(400, 'MissingArgument', '0016-00000502'),
  MissingContentLength: row(411, 'MissingContentLength'),
  MethodNotAllowed: row(405, 'MethodNotAllowed', '0003-00000016'),
  NotImplemented: row(400, 'NotImplemented'),
  InternalError: row(500, 'InternalError'),

  AccessDenied: row(403, 'AccessDenied'),
  AuthorizationMalformed: row(400, 'InvalidArgument'),
  SigningRegionInvalid: row(400, 'InvalidArgument', '0002-00000226'),
  CredentialDateInvalid: row(400, 'InvalidArgument', '0002-00000212'),
  CredentialScopeInvalid: row(400, 'InvalidArgument', '0002-00000213'),
  ContentSha256Invalid: row(400, 'InvalidArgument', '0002-00000214'),
  AdditionalHeadersEmpty: row(400, 'InvalidArgument', '0002-00000209'),
  DateMissing: row(403, 'AccessDenied', '0002-00000503'),
  RequestTimeTooSkewed: row(403, 'RequestTimeTooSkewed', '0002-00000504'),
  InvalidAccessKeyId: row(403, 'InvalidAccessKeyId', '0002-00000902'),
  SignatureDoesNotMatch: row(403, 'SignatureDoesNotMatch', '0002-00000040'),
  SignatureEmpty: row(400, 'InvalidArgument', '0002-00000065'),

  InvalidBucketName: row(400, 'InvalidBucketName'),
  NoSuchBucket: row(404, 'NoSuchBucket', '0015-00000101'),
  BucketAlreadyExists: row(409, 'BucketAlreadyExists', '0015-00000104'),
  BucketNotEmpty: row(409, 'BucketNotEmpty', '0015-00000301'),
  TooManyBuckets: row(400, 'TooManyBuckets'),
  InvalidLocationConstraint: row(400, 'InvalidLocationConstraint'),
  InvalidObjectName: row(400, 'InvalidObjectName'),
  NoSuchKey: row(404, 'NoSuchKey', '0026-00000001'),
  InvalidDigest: row(400, 'InvalidDigest'),
  InvalidCrc64: row(400, 'InvalidCRC64'),
  IncompleteBody: row(400, 'IncompleteBody'),
  EntityTooLarge: row(400, 'EntityTooLarge'),
  InvalidRange: row(416, 'InvalidRange'),
  MetadataTooLarge: row(400, 'InvalidArgument'),

  RuleIdParameterMissing: row(400, 'InvalidRequest', '0020-00000002'),
  RuleNotXml: malformedRule('04'),
  RuleIdMissing: malformedRule('05'),
  RuleIsEnabledNotBoolean: malformedRule('06'),
  RuleIsEnabledMissing: malformedRule('07'),
  FilterBeginNotInteger: malformedRule('08'),
  FilterEndNotInteger: malformedRule('09'),
  FilterLowerSizeNotInteger: malformedRule('10'),
  FilterUpperSizeNotInteger: malformedRule('11'),
  RuleFormatMissing: malformedRule('12'),
  RuleAccountIdMissing: malformedRule('13'),
  RuleRoleArnMissing: malformedRule('14'),
  RuleBucketMissing: malformedRule('15'),
  RuleEncryptionAmbiguous: invalidRule('16'),
  RuleFrequencyMissing: malformedRule('17'),
  RuleVersionsMissing: malformedRule('18'),
  DestinationInOtherRegion: invalidRule('19'),
  RuleScheduleInvalid: invalidRule('20'),
  FilterPrefixInvalid: invalidRule('21'),
  FilterTimesInvalid: invalidRule('22'),
  FilterEndOutOfRange: invalidRule('23'),
  FilterUpperSizeOutOfRange: invalidRule('24'),
  FilterLowerSizeOutOfRange: invalidRule('25'),
  FilterStorageClassUnknown: invalidRule('26'),
  RuleFormatInvalid: invalidRule('27'),
  RuleAccountIdInvalid: invalidRule('28'),
  RuleRoleArnInvalid: invalidRule('29'),
  DestinationArnInvalid: invalidRule('30'),
  DestinationNameLength: invalidRule('31'),
  DestinationUnknown: invalidRule('32'),
  DestinationOfOtherAccount: invalidRule('33'),
  DestinationPrefixInvalid: invalidRule('34'),
  RuleSseOssKeyId: invalidRule('35'),
  RuleFieldUnknown: invalidRule('36'),
  RuleVersionsInvalid: invalidRule('37'),
  RuleTextTooLong: invalidRule('38'),
  RuleLimitReached: row(400, 'InventoryExceedLimit', '0020-00000039'),
  DailyObjectLimit: row(400, 'DailyInventoryExceedLimit', '0020-00000040'),
  WeeklyObjectLimit: row(400, 'WeeklyInventoryExceedLimit', '0020-00000041'),
  RuleExists: row(409, 'InventoryAlreadyExist', '0020-00000042'),
  RuleIdMismatch: invalidRule('43'),
  RuleIdInvalid: invalidRule('44'),
  RuleVersionsNeedVersioning: invalidRule('45'),
  IncrementalDisabled: row(403, 'AccessDenied'),
  NoSuchRule: row(404, 'NoSuchInventory'),

  NoSuchRun: row(404, 'NoSuchInventoryRun'),
  RunUnderWay: row(409, 'InventoryRunUnderWay'),
  RuleDisabled: row(409, 'InventoryDisabled'),
  // Reasons of a failed run: told in the run's JSON, and only by accident of a race on the wire.
  EncryptionNotServed: row(400, 'NotImplemented'),
  DestinationGone: row(404, 'NoSuchBucket'),
  SourceGone: row(404, 'NoSuchBucket'),
  RoleLost: row(403, 'AccessDenied'),
  ReportKeyTooLong: row(400, 'InvalidArgument'),
  ReportInconsistent: row(500, 'InternalError'),
};
