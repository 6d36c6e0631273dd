import { timingSafeEqual } from 'node:crypto';

/** Compares without telling by the time it takes where the texts differ; that their lengths do is no secret. */
export function isSameText(ours: string, theirs: string): boolean {
  const [a, b] = [Buffer.from(ours), Buffer.from(theirs)];
  return a.length === b.length && timingSafeEqual(a, b);
}
