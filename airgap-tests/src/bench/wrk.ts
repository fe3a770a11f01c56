import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';

export interface Load {
  path: string;
  bodyBytes: number;
  bodyKind: 'json' | 'bytes';
}

const resultSchema = z.object({
  requests: z.number(),
  microseconds: z.number(),
  p50: z.number(),
  p99: z.number(),
  p999: z.number(),
  errors: z.number(),
});

export interface LoadResult {
  perSecond: number;
  /** Microseconds. */
  p50: number;
  p99: number;
  p999: number;
}

const CONNECTIONS = 64;

/** Puts a load on a port of this machine. Throws where a single request failed, since its figure would then mean nothing. */
export async function applyLoad(port: number, { path, bodyBytes, bodyKind }: Load, seconds: number): Promise<LoadResult> {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}`, '-s', join(import.meta.dirname, 'load.lua'), `http://127.0.0.1:${port}${path}`];
  const env = { BODY_BYTES: String(bodyBytes), BODY_KIND: bodyKind };
  const output = await exec('wrk', args, { env, timeoutMs: (seconds + 20) * 1000 });
  const line = output.split('\n').find((each) => each.startsWith('RESULT ')) ?? '';
  const { requests, microseconds, errors, ...latency } = parseJson(resultSchema, line.slice('RESULT '.length), 'wrk');
  if (errors > 0) throw new Error(`${errors} of ${requests} requests to port ${port}${path} failed`);
  return { perSecond: (requests / microseconds) * 1e6, ...latency };
}
