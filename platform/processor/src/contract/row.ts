import { request } from 'node:http';
import { expect } from 'vitest';
import type { Family } from './languages.ts';

export interface Sent {
  method?: string;
  path: string;
  headers?: Record<string, string | readonly string[]>;
  body?: string | Buffer;
  /** Of X-Nuclio-Log-Level. */
  logLevel?: string;
}

export interface Expected {
  status: number;
  /** undefined: the header must not be there. */
  headers?: Record<string, string | undefined>;
  /** Text or bytes as they are, a pattern, or anything else as JSON that contains this. */
  body?: string | Buffer | RegExp | object;
  /** Messages of X-Nuclio-Logs, or that it is not there. */
  logs?: readonly string[] | 'none';
}

/** A request and what a function in any language answers to it. */
export interface Row {
  /** What the answer shows, after "it ". */
  shows: string;
  sent: Sent;
  expected: Expected;
  /** Where the contract of a family is another one; 'none' where it has nothing of the kind. */
  differs?: Partial<Record<Family, Expected | 'none'>>;
}

export interface Received {
  status: number;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

/** What a row expects of a family; undefined where there is nothing to expect. */
export function expectedOf({ expected, differs }: Row, family: Family): Expected | undefined {
  const other = differs?.[family];
  return other === 'none' ? undefined : (other ?? expected);
}

/** The rows of a table that apply to a family, as vitest's `it.each` takes them. */
export function rowsFor(table: readonly Row[], family: Family): [shows: string, sent: Sent, expected: Expected][] {
  return table.flatMap((row) => {
    const expected = expectedOf(row, family);
    return expected === undefined ? [] : [[row.shows, row.sent, expected] as [string, Sent, Expected]];
  });
}

export async function checkRow(url: string, sent: Sent, expected: Expected): Promise<void> {
  const received = await send(url, sent);
  const { status, headers = {}, body, logs } = expected;
  expect({ status: received.status, text: received.body.toString() }).toMatchObject({ status });
  for (const [name, value] of Object.entries(headers)) expect(received.headers[name], name).toBe(value);
  if (logs !== undefined) expect(messagesOf(received)).toEqual(logs);
  if (body !== undefined) checkBody(received.body, body);
}

/** With the client of node:http, since fetch refuses some of what has to be tried, and changes header names. */
export function send(url: string, { method, path, headers = {}, body, logLevel }: Sent): Promise<Received> {
  const level = logLevel === undefined ? {} : { 'X-Nuclio-Log-Level': logLevel };
  return new Promise((resolve, reject) => {
    const options = { method: method ?? (body === undefined ? 'GET' : 'POST'), headers: { ...headers, ...level } };
    const outgoing = request(new URL(path, url), options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const received = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(received), body: Buffer.concat(chunks) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function checkBody(received: Buffer, expected: NonNullable<Expected['body']>): void {
  if (expected instanceof RegExp) expect(received.toString()).toMatch(expected);
  else if (Buffer.isBuffer(expected)) expect(received.equals(expected), `${received.length} bytes, ${expected.length} expected`).toBe(true);
  else if (typeof expected === 'string') expect(received.toString()).toBe(expected);
  else if (Array.isArray(expected)) expect(JSON.parse(received.toString())).toEqual(expected);
  else expect(JSON.parse(received.toString())).toMatchObject(expected);
}

function messagesOf({ headers }: Received): readonly string[] | 'none' {
  const text = headers['x-nuclio-logs'];
  if (text === undefined) return 'none';
  return (JSON.parse(text) as { level: string; message: string }[]).map(({ level, message }) => `${level}: ${message}`);
}
