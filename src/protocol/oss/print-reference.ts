/** `npm run docs`: writes the reference pages that are made from tables into `docs/reference/`. */

import { writeFile } from 'node:fs/promises';
import { referencePages } from './reference.ts';

const FOLDER = new URL('../../../docs/reference/', import.meta.url);

for (const [name, text] of referencePages()) await writeFile(new URL(name, FOLDER), text);
