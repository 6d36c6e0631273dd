/** Where the files of a report are read from when it is verified: a folder, a bucket, or the web. */

import { createReadStream, statSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { request } from 'undici';
import { checksumKey, reportJsonKey } from '../core/report.ts';
import { encodeComponent } from '../core/request-target.ts';
import { hasStatus, type ServerClient } from './server-client.ts';

export interface ReportSource {
  /** How the manifest is called in messages. */
  readonly manifestName: string;
  manifest(): Promise<Readable>;
  /** Undefined when it isn't there. */
  checksum(): Promise<Readable | undefined>;
  /** What the run says of the report; undefined when it isn't there, which some stores call a lack of permission. */
  reportJson(): Promise<Readable | undefined>;
  /** The data file of this key; undefined when it isn't there. */
  dataFile(key: string): Promise<Readable | undefined>;
  close(): Promise<void>;
}

/**
 * `location` is a path, `oss://bucket/key`, or a public http(s) URL. A client is made only when a bucket has to be
 * read, because it needs a key; the source closes it.
 */
export function openReportSource(location: string, connect: () => ServerClient): ReportSource {
  const object = /^oss:\/\/([^/]+)\/(.+)$/.exec(location);
  if (object !== null) return new BucketReport(connect(), object[1] ?? '', object[2] ?? '');
  if (/^https?:\/\//.test(location)) return new WebReport(location);
  return new FolderReport(location);
}

/** Files on disk: in `data/` beside the folder of the report, as the layout has it, or gathered in one folder. */
class FolderReport implements ReportSource {
  readonly manifestName: string;
  readonly #folder: string;

  constructor(manifest: string) {
    this.manifestName = manifest;
    this.#folder = path.dirname(path.resolve(manifest));
  }

  async manifest(): Promise<Readable> {
    if (!isFile(this.manifestName)) throw new Error(`There is no manifest at "${this.manifestName}".`);
    return createReadStream(this.manifestName);
  }

  async checksum(): Promise<Readable | undefined> {
    return readIfThere(path.join(this.#folder, 'manifest.checksum'));
  }

  async reportJson(): Promise<Readable | undefined> {
    return readIfThere(path.join(this.#folder, 'report.json'));
  }

  async dataFile(key: string): Promise<Readable | undefined> {
    const name = fileNameOf(key);
    if (name === undefined) return undefined;
    return (
      readIfThere(path.join(this.#folder, '..', 'data', name)) ??
      readIfThere(path.join(this.#folder, 'data', name)) ??
      readIfThere(path.join(this.#folder, name))
    );
  }

  async close(): Promise<void> {
    // Each stream closes its own file.
  }
}

/** The last part of a key. The manifest is somebody else's word: it names files of the report, and no path out of it. */
function fileNameOf(key: string): string | undefined {
  const name = path.posix.basename(key);
  return name === '' || name === '.' || name === '..' || name.includes('\0') ? undefined : name;
}

function readIfThere(file: string): Readable | undefined {
  return isFile(file) ? createReadStream(file) : undefined;
}

/** Neither a folder nor a device, which could be read for ever. */
function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

class BucketReport implements ReportSource {
  readonly manifestName: string;
  readonly #client: ServerClient;
  readonly #bucket: string;
  readonly #manifestKey: string;

  constructor(client: ServerClient, bucket: string, manifestKey: string) {
    this.manifestName = `oss://${bucket}/${manifestKey}`;
    this.#client = client;
    this.#bucket = bucket;
    this.#manifestKey = manifestKey;
  }

  async manifest(): Promise<Readable> {
    return (await this.#client.send({ method: 'GET', bucket: this.#bucket, key: this.#manifestKey })).body;
  }

  checksum(): Promise<Readable | undefined> {
    return this.dataFile(checksumKey(path.posix.dirname(this.#manifestKey)));
  }

  reportJson(): Promise<Readable | undefined> {
    return this.#fetch(reportJsonKey(path.posix.dirname(this.#manifestKey)), [403, 404]);
  }

  dataFile(key: string): Promise<Readable | undefined> {
    return this.#fetch(key, [404]);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #fetch(key: string, absent: readonly number[]): Promise<Readable | undefined> {
    try {
      return (await this.#client.send({ method: 'GET', bucket: this.#bucket, key })).body;
    } catch (error) {
      if (absent.some((status) => hasStatus(error, status))) return undefined;
      throw error;
    }
  }
}

/** Public files: the data lies in `data/` beside the folder of the report, as the layout has it. */
class WebReport implements ReportSource {
  readonly manifestName: string;
  readonly #url: URL;

  constructor(url: string) {
    this.manifestName = url;
    this.#url = new URL(url);
  }

  async manifest(): Promise<Readable> {
    const body = await this.#fetch(this.#url);
    if (body === undefined) throw new Error(`There is no manifest at ${this.manifestName}.`);
    return body;
  }

  checksum(): Promise<Readable | undefined> {
    return this.#fetch(new URL('manifest.checksum', this.#url));
  }

  reportJson(): Promise<Readable | undefined> {
    return this.#fetch(new URL('report.json', this.#url), [403, 404]);
  }

  async dataFile(key: string): Promise<Readable | undefined> {
    const name = fileNameOf(key);
    return name === undefined ? undefined : await this.#fetch(new URL(`../data/${encodeComponent(name)}`, this.#url));
  }

  async close(): Promise<void> {
    // Each fetch stands for itself.
  }

  async #fetch(url: URL, absent: readonly number[] = [404]): Promise<Readable | undefined> {
    const { statusCode, body } = await request(url);
    if (statusCode === 200) return body;
    await body.dump();
    if (absent.includes(statusCode)) return undefined;
    throw new Error(
      `${url.href} answered ${statusCode}. If it isn't public, give its place as oss://BUCKET/KEY with an endpoint and keys.`,
    );
  }
}
