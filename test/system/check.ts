/** What a file in `checks/` exports: checks that need more than npm packages. Another one is another file there. */

export interface SystemCheck {
  /** A sentence, as tests have them. */
  readonly name: string;
  /** Throws what is wrong. */
  readonly run: (stage: Stage) => Promise<void>;
}

/** What a check is given, and what is taken down after it. */
export interface Stage {
  /** For this check alone, and gone after it. */
  readonly folder: string;
  /** Called after the check, the last first, whatever became of it. */
  onEnd(end: () => unknown): void;
}
