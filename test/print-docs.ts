/** `npm run docs`: writes the reference pages that are made from tables into `docs/reference/`. */

import { writeFile } from 'node:fs/promises';
import { adminApiPage } from '../src/admin/reference.ts';
import { referencePages } from '../src/protocol/oss/reference.ts';
import { accessPage } from './access-table.ts';

const FOLDER = new URL('../docs/reference/', import.meta.url);

const pages = new Map([...referencePages(), ['admin-api.md', adminApiPage()], ['access.md', await accessPage()]]);
for (const [name, text] of pages) await writeFile(new URL(name, FOLDER), text);
