/** Reads a manifest for checking: in its form, and bounded in what is said of a wrong one. */

import { z } from 'zod';
import { printable } from '../core/printable.ts';
import type { Problems } from './problems.ts';

const manifestSchema = z.object({
  creationTimestamp: z.string(),
  destinationBucket: z.string(),
  fileFormat: z.literal('CSV'),
  fileSchema: z.string().regex(/^Bucket, Key(, |$)/, { error: 'must name the columns, Bucket and Key first' }),
  // Each by itself, so that a million wrong ones give no million messages.
  files: z.array(z.unknown()),
  sourceBucket: z.string(),
  version: z.string(),
});

const fileSchema = z.object({ MD5checksum: z.string(), key: z.string(), size: z.number() });

export type ManifestFile = z.infer<typeof fileSchema>;
export type ManifestDocument = Omit<z.infer<typeof manifestSchema>, 'files'> & {
  readonly files: readonly ManifestFile[];
};

/** Undefined, and the problems are told, when it is none. */
export function readManifest(bytes: Buffer, problems: Problems): ManifestDocument | undefined {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch (error) {
    problems.add({ text: `it is no JSON: ${printable((error as Error).message)}` });
    return undefined;
  }
  const result = manifestSchema.safeParse(document);
  if (!result.success) {
    problems.addIssues(result.error.issues);
    return undefined;
  }
  const files: ManifestFile[] = [];
  for (const [index, file] of result.data.files.entries()) {
    if (problems.isFull) return undefined;
    const read = fileSchema.safeParse(file);
    if (read.success) files.push(read.data);
    else
      problems.addIssues(read.error.issues.map(({ path, message }) => ({ path: ['files', index, ...path], message })));
  }
  return files.length < result.data.files.length ? undefined : { ...result.data, files };
}
