/** A set of content ids in a bit each. They rise from 1, and old ones go, so only stretches that are in use take memory. */

const IDS_PER_PAGE = 64 * 1024 * 8;

export class ContentIdSet {
  readonly #pages = new Map<number, Uint8Array>();

  has(id: number): boolean {
    const page = this.#pages.get(Math.floor(id / IDS_PER_PAGE));
    return page !== undefined && ((page[byteOf(id)] ?? 0) & bitOf(id)) !== 0;
  }

  /** False when it was there already. */
  add(id: number): boolean {
    if (this.has(id)) return false;
    const number = Math.floor(id / IDS_PER_PAGE);
    const page = this.#pages.get(number) ?? new Uint8Array(IDS_PER_PAGE / 8);
    page[byteOf(id)] = (page[byteOf(id)] ?? 0) | bitOf(id);
    this.#pages.set(number, page);
    return true;
  }
}

const byteOf = (id: number): number => Math.floor((id % IDS_PER_PAGE) / 8);
const bitOf = (id: number): number => 1 << (id % 8);
