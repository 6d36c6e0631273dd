import type { Command } from 'commander';
import { child, childrenNamed, childText, node, renderXml, type XmlElement } from '../core/xml.ts';
import { printJson, printTable, say } from './output.ts';
import { type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

export function addBucketCommands(program: Command): void {
  const bucket = program.command('bucket').description('make and list buckets').helpCommand(false);
  withServerOptions(bucket.command('create <bucket>'))
    .description('make a bucket')
    .option('--region <region>', 'one of the regions that the server serves')
    .addHelpText('after', '\nExample:\n  $ stocktake bucket create photos')
    .action(create);
  withServerOptions(bucket.command('list'))
    .description('list the buckets')
    .addHelpText('after', '\nExample:\n  $ stocktake bucket list --json')
    .action(list);
}

async function create(name: string, flags: Flags & { readonly region?: string }): Promise<void> {
  const body =
    flags.region === undefined
      ? ''
      : renderXml(node('CreateBucketConfiguration', [node('LocationConstraint', `oss-${flags.region}`)]));
  const location = await withClient(flags, async (client) => {
    await client.sendForNothing({ method: 'PUT', bucket: name, body });
    return await client.sendForXml({ method: 'GET', bucket: name, query: { location: undefined } });
  });
  if (flags.json) printJson({ name, region: location.text.replace(/^oss-/, '') });
  else say(`Bucket "${name}" is there, in ${location.text}.`);
}

async function list(flags: Flags): Promise<void> {
  const buckets = await withClient(flags, listBuckets);
  if (flags.json) printJson({ buckets });
  else if (buckets.length === 0) say('There is no bucket yet. Make one with "stocktake bucket create NAME".');
  else
    printTable(
      ['BUCKET', 'REGION', 'CREATED'],
      buckets.map(({ name, region, createdAt }) => [name, region, createdAt]),
    );
}

interface BucketFacts {
  readonly name: string;
  readonly region: string;
  readonly createdAt: string;
}

async function listBuckets(client: ServerClient): Promise<BucketFacts[]> {
  const buckets: BucketFacts[] = [];
  let marker: string | undefined = '';
  while (marker !== undefined) {
    const page: XmlElement = await client.sendForXml({ method: 'GET', query: { 'max-keys': '1000', marker } });
    const holder = child(page, 'Buckets');
    for (const bucket of holder === undefined ? [] : childrenNamed(holder, 'Bucket')) {
      buckets.push({
        name: childText(bucket, 'Name') ?? '',
        region: childText(bucket, 'Region') ?? '',
        createdAt: childText(bucket, 'CreationDate') ?? '',
      });
    }
    marker = childText(page, 'NextMarker');
  }
  return buckets;
}
