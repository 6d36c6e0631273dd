/** The service's clock, as the server and the command line speak of it to each other. */

export interface ClockView {
  readonly kind: 'system' | 'virtual';
  /** ISO 8601, UTC. */
  readonly now: string;
}

/** A wish to move a virtual clock. */
export interface ClockMove {
  readonly toMs: number;
  /**
   * Show that time at once, as if the server had been down in between or its clock had been set; the way there, else,
   * passes each due time in turn and waits for the runs that it starts.
   */
  readonly isJump: boolean;
}

export interface MovedClock extends ClockView {
  /** False when the move took too long for one request: the same again goes on from here. */
  readonly isReached: boolean;
}

/** No schedule reaches further than dates that have four digits for their year. */
export const MAX_CLOCK_MS = Date.UTC(9999, 0, 1);
