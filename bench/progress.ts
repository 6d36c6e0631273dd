/** Says on a terminal what is being measured, on one line that the next one replaces; into a file it says nothing. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

export function clearProgress(): void {
  progress('');
}
