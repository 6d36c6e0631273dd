import type { AliOssError } from './ali-oss-client.ts';

/** What a call of ali-oss rejects with; a call that is served fails the test. */
export async function refusal(call: Promise<unknown>): Promise<AliOssError> {
  try {
    await call;
  } catch (error) {
    return error as AliOssError;
  }
  throw new Error('the call was served');
}
