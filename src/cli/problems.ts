/** What is wrong with a report, as it is found: with a bound, because more than some problems say nothing new. */

export interface Problem {
  /** The manifest, the checksum, `report.json`, or the key of a data file. */
  readonly file: string;
  /** The shard that `report.json` tells it of, counted from 0 as there. */
  readonly shard?: number;
  /** Counted from 1 within the file. */
  readonly row?: number;
  readonly text: string;
}

export const MAX_PROBLEMS = 20;

export class Problems {
  readonly #found: Problem[];
  readonly #file: string;

  constructor(file: string, found: Problem[] = []) {
    this.#file = file;
    this.#found = found;
  }

  /** The same list, for what is wrong with another file. */
  of(file: string): Problems {
    return new Problems(file, this.#found);
  }

  get isFull(): boolean {
    return this.#found.length >= MAX_PROBLEMS;
  }

  get count(): number {
    return this.#found.length;
  }

  list(): readonly Problem[] {
    return this.#found;
  }

  add(problem: Omit<Problem, 'file'>): void {
    if (!this.isFull) this.#found.push({ file: this.#file, ...problem });
  }

  /** What a schema found. */
  addIssues(
    issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
    where: Pick<Problem, 'shard'> = {},
  ): void {
    for (const { path, message } of issues.slice(0, MAX_PROBLEMS)) {
      this.add({ ...where, text: `${path.map(String).join('.') || 'the document'}: ${message}` });
    }
  }
}
