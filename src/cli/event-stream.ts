/** Reads server-sent events (the HTML standard, section 9.2), as far as servers of ours write them. */

/** A run as JSON takes a thousandth of it. */
const MAX_EVENT_CHARACTERS = 1024 * 1024;

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** The events of a stream; comments and fields without a meaning here are passed over. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    if (text.length > MAX_EVENT_CHARACTERS) throw new Error('The server sent an event that is longer than any can be.');
    for (const event of events) {
      const data = fieldOf(event, 'data');
      if (data !== undefined) yield { name: fieldOf(event, 'event') ?? 'message', data };
    }
  }
}

function fieldOf(event: string, name: string): string | undefined {
  const values = event
    .split('\n')
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
  return values.length === 0 ? undefined : values.join('\n');
}
