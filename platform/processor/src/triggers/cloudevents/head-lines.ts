export type HeadLine = [name: string, value: string];

/** The header lines of an event, as text in ISO 8859-1. */
export function textOfHead(head: Uint8Array | string): string {
  if (typeof head === 'string') return head;
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
}

export function linesOf(head: string): HeadLine[] {
  const lines: HeadLine[] = [];
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) lines.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return lines;
}

/** The text of a header value: HTTP forbids most of Unicode there, so CloudEvents writes it with percent signs. */
export function decodeValue(value: string): string {
  const unquoted = /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
  if (!unquoted.includes('%')) return unquoted;
  try {
    return decodeURIComponent(unquoted);
  } catch {
    return unquoted;
  }
}
