/** Listings of any length, a page at a time. */

import type { ServerClient } from '../../src/cli/server-client.ts';
import { childrenNamed, childText, type XmlElement } from '../../src/core/xml.ts';

export interface Listing {
  /** The parameter that asks for this listing, if any. */
  readonly subresource?: string;
  /** The parameters that go on after a page, and the elements of a page that say where it ended. */
  readonly markers: Readonly<Record<string, string>>;
}

export const OBJECTS: Listing = { markers: { marker: 'NextMarker' } };
export const VERSIONS: Listing = {
  subresource: 'versions',
  markers: { 'key-marker': 'NextKeyMarker', 'version-id-marker': 'NextVersionIdMarker' },
};
export const UPLOADS: Listing = {
  subresource: 'uploads',
  markers: { 'key-marker': 'NextKeyMarker', 'upload-id-marker': 'NextUploadIdMarker' },
};

/** All pages of a listing of a bucket. */
export async function* pages(
  client: ServerClient,
  bucket: string,
  { subresource, markers }: Listing,
): AsyncGenerator<XmlElement> {
  let after: Record<string, string> = {};
  for (;;) {
    const query = { ...(subresource !== undefined && { [subresource]: undefined }), ...after };
    const page = await client.sendForXml({ method: 'GET', bucket, query });
    yield page;
    if (childText(page, 'IsTruncated') !== 'true') return;
    after = Object.fromEntries(
      Object.entries(markers).map(([name, element]) => [name, childText(page, element) ?? '']),
    );
  }
}

export async function listKeys(client: ServerClient, bucket: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of pages(client, bucket, OBJECTS)) {
    keys.push(...childrenNamed(page, 'Contents').map((entry) => childText(entry, 'Key') ?? ''));
  }
  return keys;
}
