import { request } from 'node:http';
import type { Readable } from 'node:stream';
import { digestOf } from '@ampoule/lib/oci/digest';
import type { Layer } from '@ampoule/lib/oci/layer';
import { parseJson } from '@ampoule/lib/parse';
import { agent, lineOf, type Order, reportSchema } from './protocol.ts';

export interface Agent {
  host: string;
  port: number;
  token: string;
}

/** What came of an order: the layer that its commands left, or what went wrong with them. */
export type Outcome = { layer: Layer } | { failed: string };

const NEWLINE = 0x0a;
/** More than the agent sends of either. */
const MAX_BYTES = 160 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;

/** The build pod was given its order, and has not carried it out. */
export class BrokenOff extends Error {}

/** Gives an order to the agent of a build pod; `log` gets each line of output as it comes. @throws where the agent does not answer to its end */
export async function sendOrder(to: Agent, order: Order, code: Buffer, log: (line: string) => void, signal: AbortSignal): Promise<Outcome> {
  const response = await post(to, Buffer.concat([Buffer.from(lineOf(order)), code]), signal);
  let text = Buffer.alloc(0);
  let done: { done: number; diffId: string } | undefined;
  const layer: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response.body)) {
    if (done === undefined) text = Buffer.concat([text, chunk]);
    else layer.push(chunk);
    for (let end = text.indexOf(NEWLINE); done === undefined && end >= 0; end = text.indexOf(NEWLINE)) {
      const report = parseJson(reportSchema, text.toString('utf8', 0, end), 'the report of the build pod');
      text = text.subarray(end + 1);
      if ('log' in report) log(report.log);
      else if ('failed' in report) return { failed: report.failed };
      else {
        done = report;
        layer.push(text);
      }
    }
    size += chunk.length;
    if (size > MAX_BYTES || (done === undefined && text.length > MAX_LINE_BYTES)) throw new BrokenOff('it sends too much');
  }
  const bytes = Buffer.concat(layer);
  if (done === undefined || bytes.length !== done.done) throw new BrokenOff('it went away');
  return { layer: { bytes, digest: digestOf(bytes), diffId: done.diffId, size: bytes.length } };
}

async function* chunksOf(body: Readable): AsyncGenerator<Buffer> {
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new BrokenOff('it went away', { cause });
  }
}

function post({ host, port, token }: Agent, body: Buffer, signal: AbortSignal): Promise<{ body: Readable }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-length': body.length };
    request({ host, port, path: agent.path, method: 'POST', agent: false, headers, signal }, (response) => {
      if (response.statusCode === 200) return resolve({ body: response });
      response.resume();
      reject(new Error(`the build pod answered ${response.statusCode}`));
    })
      .on('error', reject)
      .end(body);
  });
}
