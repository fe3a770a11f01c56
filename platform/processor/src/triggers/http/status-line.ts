import { turnDate } from '../../turn-time.ts';

const SECOND_MS = 1000;

let lines = new Map<number, string>();
let until = 0;
/** The status of the last answer, which most others have too, and its lines. */
let lastStatus = 0;
let lastLines = '';

/** The status line of an answer, and the headers that all answers have. */
export function statusLines(status: number): string {
  const now = turnDate();
  if (now >= until || now < until - SECOND_MS) {
    until = now - (now % SECOND_MS) + SECOND_MS;
    lines = new Map();
  } else if (status === lastStatus) return lastLines;
  let text = lines.get(status);
  if (text === undefined) {
    const date = new Date(now).toUTCString();
    text = `HTTP/1.1 ${status} ${reasonOf(status)}\r\nserver: nuclio\r\ndate: ${date}\r\n`;
    lines.set(status, text);
  }
  lastStatus = status;
  lastLines = text;
  return text;
}

/** An import of node:http evaluates all of its exports, WebSocket too, which takes longer than the rest of the start. */
function reasonOf(status: number): string {
  return process.getBuiltinModule('node:http').STATUS_CODES[status] ?? 'Unknown';
}
