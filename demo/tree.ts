/** An independent look at the files: what the report has to say of each, without any code of the product. */

import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

export interface FileFacts {
  readonly sizeBytes: number;
  /** Upper-case hex. */
  readonly md5: string;
}

/** Every regular file below the folder, by its path with "/". */
export async function walkTree(folder: string): Promise<Map<string, FileFacts>> {
  const facts = new Map<string, FileFacts>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const md5 = createHash('md5');
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) md5.update(chunk as Buffer);
    const key = path.relative(folder, file).split(path.sep).join('/');
    facts.set(key, { sizeBytes: statSync(file).size, md5: md5.digest('hex').toUpperCase() });
  }
  return facts;
}
