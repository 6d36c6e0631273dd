/**
 * Reads the first bytes of a body before the head of its answer is sent: a body that can't be read is then an answer
 * that says so, and not a connection that ends. Later on, ending the connection is all that is left.
 */
export async function primedBody(body: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const bytes = body[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<Uint8Array>> | undefined = Promise.resolve(await bytes.next());
  const rest: AsyncIterator<Uint8Array> = {
    next() {
      const next = first ?? bytes.next();
      first = undefined;
      return next;
    },
    return: async () => (await bytes.return?.()) ?? { done: true, value: undefined },
  };
  return { [Symbol.asyncIterator]: () => rest };
}
