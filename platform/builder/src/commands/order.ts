import { request } from 'node:http';
import type { Readable } from 'node:stream';
import { digestOf } from '@ampoule/lib/oci/digest';
import type { Layer } from '@ampoule/lib/oci/layer';
import { parseJson } from '@ampoule/lib/parse';
import { MAX_RESULT_BYTES } from '../room.ts';
import { agent, lineOf, type Order, reportSchema } from './protocol.ts';

export interface Agent {
  host: string;
  port: number;
  token: string;
}

/** What came of an order: the layer that its commands left, or what went wrong with them. */
export type Outcome = { layer: Layer } | { failed: string };

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 64 * 1024;
const TOO_MUCH = 'it sends too much';

/** The build pod was given its order, and has not carried it out. */
export class BrokenOff extends Error {}

export interface OrderWatch {
  /** Gets each line of output as it comes. */
  log: (line: string) => void;
  /** Waits until there is room for the layer. */
  forResult: (bytes: number) => Promise<void>;
  signal: AbortSignal;
}

/** Gives an order to the agent of a build pod. @throws where the agent does not answer to its end */
export async function sendOrder(to: Agent, order: Order, code: Buffer, { log, forResult, signal }: OrderWatch): Promise<Outcome> {
  const response = await post(to, [Buffer.from(lineOf(order)), code], signal);
  let text = Buffer.alloc(0);
  let result: Result | undefined;
  let size = 0;
  for await (const chunk of chunksOf(response.body)) {
    size += chunk.length;
    if (size > MAX_RESULT_BYTES) throw new BrokenOff(TOO_MUCH);
    if (result === undefined) text = Buffer.concat([text, chunk]);
    else result.add(chunk);
    for (let end = text.indexOf(NEWLINE); result === undefined && end >= 0; end = text.indexOf(NEWLINE)) {
      const report = parseJson(reportSchema, text.toString('utf8', 0, end), 'the report of the build pod');
      text = text.subarray(end + 1);
      if ('log' in report) log(report.log);
      else if ('failed' in report) return { failed: report.failed };
      else {
        if (report.done > MAX_RESULT_BYTES) throw new BrokenOff(TOO_MUCH);
        // What the pod has to send waits there meanwhile.
        await forResult(report.done);
        result = new Result(report.done, report.diffId);
        result.add(text);
      }
    }
    if (result === undefined && text.length > MAX_LINE_BYTES) throw new BrokenOff(TOO_MUCH);
  }
  if (result === undefined) throw new BrokenOff('it went away');
  return { layer: result.layer() };
}

/** A layer that comes in pieces, each of which is put into its place at once: all of it is never there twice. */
class Result {
  readonly #bytes: Buffer;
  readonly #diffId: string;
  #length = 0;

  constructor(bytes: number, diffId: string) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
    this.#diffId = diffId;
  }

  add(chunk: Buffer): void {
    if (this.#length + chunk.length > this.#bytes.length) throw new BrokenOff(TOO_MUCH);
    this.#length += chunk.copy(this.#bytes, this.#length);
  }

  layer(): Layer {
    const bytes = this.#bytes;
    if (this.#length !== bytes.length) throw new BrokenOff('it went away');
    return { bytes, digest: digestOf(bytes), diffId: this.#diffId, size: bytes.length };
  }
}

async function* chunksOf(body: Readable): AsyncGenerator<Buffer> {
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new BrokenOff('it went away', { cause });
  }
}

function post({ host, port, token }: Agent, [line, code]: [Buffer, Buffer], signal: AbortSignal): Promise<{ body: Readable }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-length': line.length + code.length };
    const sent = request({ host, port, path: agent.path, method: 'POST', agent: false, headers, signal }, (response) => {
      if (response.statusCode === 200) return resolve({ body: response });
      response.resume();
      reject(new Error(`the build pod answered ${response.statusCode}`));
    }).on('error', reject);
    sent.write(line);
    sent.end(code);
  });
}
