const SECOND_MS = 1000;

let lines = new Map<number, string>();
let second = 0;

/** The status line of an answer, and the headers that all answers have. */
export function statusLines(status: number): string {
  const now = Math.floor(Date.now() / SECOND_MS);
  if (now !== second) {
    second = now;
    lines = new Map();
  }
  let text = lines.get(status);
  if (text === undefined) {
    const date = new Date(now * SECOND_MS).toUTCString();
    text = `HTTP/1.1 ${status} ${reasonOf(status)}\r\nserver: nuclio\r\ndate: ${date}\r\n`;
    lines.set(status, text);
  }
  return text;
}

/** An import of node:http evaluates all of its exports, WebSocket too, which takes longer than the rest of the start. */
function reasonOf(status: number): string {
  return process.getBuiltinModule('node:http').STATUS_CODES[status] ?? 'Unknown';
}
