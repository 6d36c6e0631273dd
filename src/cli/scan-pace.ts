/** How fast a scan goes: by what came in the last seconds, since its beginning says little of its end. */

const WINDOW_MS = 5_000;

export class ScanPace {
  /** Of the window, and the last before it. */
  #samples: { readonly atMs: number; readonly scanned: number }[] = [];

  add(scanned: number, atMs: number): void {
    // It was begun again.
    if (scanned < (this.#samples.at(-1)?.scanned ?? 0)) this.#samples = [];
    this.#samples.push({ atMs, scanned });
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Undefined while too little is known. */
  perSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs - first.atMs < 500) return undefined;
    return ((last.scanned - first.scanned) * 1000) / (last.atMs - first.atMs);
  }
}
