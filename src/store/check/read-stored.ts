/** What the index keeps as JSON, read by a check that takes nothing for granted: undefined for what it can't be. */

import { z } from 'zod';
import { ENCRYPTIONS } from '../../core/record.ts';
import type { Body, Seal } from '../bodies/content.ts';

const sealSchema = z.object({
  algorithm: z.enum(ENCRYPTIONS).exclude(['none']),
  keyId: z.string(),
  wrapped: z.string(),
});
const textsSchema = z.record(z.string(), z.string());
const factsSchema = z.object({
  metadata: z.object({ headers: textsSchema, user: textsSchema }),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  seal: sealSchema.optional(),
});
const uploadSchema = z.object({ facts: factsSchema });
const partSchema = z.object({
  contentId: z.number(),
  sizeBytes: z.number().min(0),
  place: z.enum(['none', 'index', 'file']),
  md5: z.string(),
  crc64: z
    .string()
    .regex(/^\d{1,20}$/)
    .transform(BigInt),
});

export type ReadFacts = { readonly seal?: Seal | undefined };
export type ReadPart = Body & { readonly md5: string; readonly crc64: bigint };

export const readFacts = (text: string): ReadFacts | undefined => read(text, factsSchema);
export const readUpload = (text: string): { readonly facts: ReadFacts } | undefined => read(text, uploadSchema);
export const readPart = (text: string): ReadPart | undefined => read(text, partSchema);

function read<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // No JSON at all.
  }
}
