import { DomainError } from '../../../core/errors.ts';
import { assertPolicyAboutBucket, MAX_POLICY_TEXT_BYTES, parsePolicyText } from '../../../core/policy-document.ts';
import type { HttpRequest } from '../../../http/http-server.ts';
import { readDocumentBytes } from '../document-body.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';

/** PutBucketPolicy (protocol sheet, section 4.3): the policy takes the place of the one before, and holds at once. */
export const putBucketPolicy: Operation = {
  name: 'PutBucketPolicy',
  method: 'PUT',
  level: 'bucket',
  subresource: 'policy',
  action: 'oss:PutBucketPolicy',
  resource: 'bucket',
  async handle(exchange) {
    const bucket = bucketOf(exchange);
    const policy = await readText(exchange.request);
    assertPolicyAboutBucket(parsePolicyText(policy, 'bucket'), bucket);
    await exchange.services.store.changeBucket(bucket, { policy });
    return emptyReply(200);
  },
};

async function readText(request: HttpRequest): Promise<string> {
  const bytes = await readDocumentBytes(request, MAX_POLICY_TEXT_BYTES, 'PolicyMalformed');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DomainError('PolicyMalformed', 'The body is not UTF-8; a policy as JSON is accepted.', {}, { cause });
  }
}
