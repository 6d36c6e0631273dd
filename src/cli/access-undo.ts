/** Things that are made in several requests: with half of what was asked they would look finished. */

interface Begun {
  /** As in `user "anna"`. */
  readonly what: string;
  /** Takes away what the first request made. */
  readonly undo: () => Promise<void>;
  /** What does it by hand. */
  readonly command: string;
}

/** Does the rest of making a thing; when that fails, the thing goes again and the error says so. */
export async function orUndo<T>({ what, undo, command }: Begun, rest: () => Promise<T>): Promise<T> {
  try {
    return await rest();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    try {
      await undo();
    } catch {
      const text = `${why} The ${what} is there, without all that was asked. Delete it with: ${command}`;
      throw new Error(text, { cause: error });
    }
    throw new Error(`${why} So the ${what} was not made.`, { cause: error });
  }
}
