/** The walls between the rooms, held against the linter that keeps them. biome.json says in globs what the
 *  architecture says in words; a glob that no longer matches is silent, so this test breaks every wall on
 *  purpose, in a small copy of the project, and looks for the outcry. One run of the linter serves all tests. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  access: ['core'],
  control: ['core'],
  store: ['core'],
  remote: ['core'],
  keys: ['core'],
  inventory: ['core'],
  jobs: ['core', 'control'],
  telemetry: ['core'],
  http: ['core'],
  webhooks: ['core'],
  protocol: ['core', 'http', 'access'],
  admin: ['core', 'http', 'access'],
  'data-folder': ['core', 'control', 'store', 'keys', 'version.ts'],
  cli: ['core', 'data-folder', 'app.ts', 'config.ts', 'version.ts'],
};
const rooms = Object.keys(mayImport);
const singleFiles = [
  'app.ts',
  'audit-trail.ts',
  'bucket-rules.ts',
  'clock-mover.ts',
  'closers.ts',
  'config.ts',
  'databases.ts',
  'embedded-engine.ts',
  'front-door.ts',
  'housekeeping.ts',
  'monitoring-paths.ts',
  'monitoring.ts',
  'open-webhooks.ts',
  'readiness-checks.ts',
  'report-remover.ts',
  'rule-ports.ts',
  'rules-and-runs.ts',
  'service-clock.ts',
  'version.ts',
  'wire-ports.ts',
];
const targets = [...rooms, ...singleFiles];

/** The files of a room that try each wall, from its top, from a folder deep inside, and from a test. */
const places = ['NAME.ts', 'deep/deeper/NAME.ts', 'NAME.test.ts'] as const;

const forms: Readonly<Record<string, string>> = {
  value: "import { word } from '../http/word.ts';\nexport const twice = word + word;\n",
  type: "import type { Word } from '../http/word.ts';\nexport type Words = Word[];\n",
  'for-effect': "import '../http/word.ts';\n",
  're-export': "export { word } from '../http/word.ts';\n",
  're-export-all': "export * from '../http/word.ts';\n",
  dynamic: "export const later = () => import('../http/word.ts');\n",
  'compiled-name': "export { word } from '../http/word.js';\n",
};

const readsEnvironment = 'export const home = process.env.HOME;\n';
const environmentReaders = ['src/config.ts', 'test/try.ts', 'bench/try.ts', 'demo/try.ts', 'bin/try.js'];
const notEnvironmentReaders = ['src/app.ts', 'src/cli/reads-environment.ts', 'src/core/reads-environment.test.ts'];

interface Finding {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

const project = fileURLToPath(new URL('..', import.meta.url));
let copy: string;
let findings: readonly Finding[];

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'stocktake-walls-'));
  await cp(join(project, 'biome.json'), join(copy, 'biome.json'));
  for (const [path, text] of brokenProject()) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), text);
  }
  findings = await lint(copy);
});

afterAll(() => rm(copy, { recursive: true, force: true }));

describe.each(rooms)('the room %s', (room) => {
  const walls = targets.filter((target) => target !== room && !mayImport[room]?.includes(target));

  test.each(places)('has its walls in %s', (place) => {
    const stopped = targets.filter((target) => about(tryPath(room, target, place), 'noRestrictedImports').length > 0);
    expect(stopped).toEqual(walls);
  });

  test('says at a wall what may be imported instead', () => {
    const messages = walls.flatMap((target) => about(tryPath(room, target, 'NAME.ts'), 'noRestrictedImports'));
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toMatch(new RegExp(`^${room} may import (only|no other room)`));
    for (const allowed of mayImport[room] ?? []) expect(messages[0]).toContain(allowed);
  });
});

test.each(Object.keys(forms))('a wall stops an import of the form %s', (form) => {
  expect(about(`src/store/form-${form}.ts`, 'noRestrictedImports')).toEqual([
    'store may import only core. An interface belongs to the room that needs it: ' +
      'declare what you need in your own room and let app.ts fit the other room to it.',
  ]);
});

test('app.ts may import every room', () => {
  expect(about('src/app.ts', 'noRestrictedImports')).toEqual([]);
});

test('a package is not taken for the room that has its name', () => {
  expect(about('src/store/imports-packages.ts', 'noRestrictedImports')).toEqual([]);
});

test('files that import each other are reported', () => {
  expect(about('src/core/hen.ts', 'noImportCycles')).toHaveLength(1);
  expect(about('src/core/egg.ts', 'noImportCycles')).toHaveLength(1);
});

test('only config.ts and what is not the product read the environment', () => {
  const readers = [...environmentReaders, ...notEnvironmentReaders];
  expect(readers.filter((path) => about(path, 'noProcessEnv').length > 0)).toEqual(notEnvironmentReaders);
});

test('nothing in the product arms a failpoint', async () => {
  const names = await readdir(join(project, 'src'), { recursive: true });
  const product = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const texts = await Promise.all(product.map((name) => readFile(join(project, 'src', name), 'utf8')));
  const arming = product.filter((_, at) => texts[at]?.includes('armFailpoints'));
  expect(arming).toEqual([join('core', 'failpoint.ts')]);
});

test('every folder of src is a room with walls, and every file beside them is behind them', async () => {
  const entries = await readdir(join(project, 'src'), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  expect(folders.filter((folder) => !rooms.includes(folder))).toEqual([]);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  expect(files.filter((name) => !name.endsWith('.test.ts')).sort()).toEqual(singleFiles);
});

function brokenProject(): Map<string, string> {
  const files = new Map<string, string>();
  for (const room of rooms) {
    files.set(`src/${room}/word.ts`, "export const word = 'word';\nexport type Word = typeof word;\n");
    for (const target of targets) {
      for (const place of places) files.set(tryPath(room, target, place), tryText(room, target, place));
    }
  }
  for (const [form, text] of Object.entries(forms)) files.set(`src/store/form-${form}.ts`, text);
  for (const path of [...environmentReaders, ...notEnvironmentReaders]) files.set(path, readsEnvironment);

  const everyRoom = rooms.map((room) => `export { word as ${room.replace('-', '')} } from './${room}/word.ts';\n`);
  files.set('src/app.ts', everyRoom.join('') + readsEnvironment);
  files.set(
    'src/store/imports-packages.ts',
    "export { http } from 'http/word.ts';\nexport { app } from '@scope/http/app.ts';\n",
  );
  files.set('src/core/hen.ts', "import { egg } from './egg.ts';\nexport const hen = () => egg;\n");
  files.set('src/core/egg.ts', "import { hen } from './hen.ts';\nexport const egg = () => hen;\n");
  return files;
}

function tryPath(room: string, target: string, place: (typeof places)[number]): string {
  return `src/${room}/${place.replace('NAME', `imports-${target.replace('.ts', '')}`)}`;
}

function tryText(room: string, target: string, place: (typeof places)[number]): string {
  const up = '../'.repeat(place.split('/').length);
  const file = target.endsWith('.ts') ? target : `${target}/word.ts`;
  return `import { word } from '${target === room ? `${up}${room}/word.ts` : up + file}';\nexport const twice = word + word;\n`;
}

/** The messages of one rule about one file. */
function about(path: string, rule: string): string[] {
  return findings.filter((finding) => finding.path === path && finding.rule === rule).map(({ message }) => message);
}

function lint(folder: string): Promise<readonly Finding[]> {
  const biome = join(project, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    // The linter's exit code says only that it found something, as it must.
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      try {
        const report: Report = JSON.parse(stdout);
        resolve(report.diagnostics.map(asFinding));
      } catch {
        reject(new Error(`biome gave no report: ${stderr || stdout}`, { cause: error }));
      }
    });
  });
}

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly message: string;
    readonly location: { readonly path: string };
  }[];
}

function asFinding({ category, message, location }: Report['diagnostics'][number]): Finding {
  return { path: location.path.replaceAll('\\', '/'), rule: category.split('/').at(-1) ?? '', message };
}
