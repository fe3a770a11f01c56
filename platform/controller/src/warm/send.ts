import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseJson } from '@ampoule/lib/parse';
import { warm } from '@ampoule/platform-api/binding';
import * as z from 'zod';
import type { WarmPod } from './warm-pods.ts';

/** Until its handler is loaded; a function that takes longer is served by a pod of its own. */
const TIMEOUT_MS = 2000;
const boundSchema = z.object({ httpPort: z.int() });

/** Sends a binding to a warm pod, and gives the port at which the function answers then. @throws where the pod does not become that of the function */
export async function sendBinding({ host, port }: Pick<WarmPod, 'host' | 'port'>, message: Buffer): Promise<number> {
  const { status, body } = await post({ host, port, path: warm.path }, message);
  if (status !== 200) throw new Error(`the warm pod answered ${status}: ${body}`);
  return parseJson(boundSchema, body, 'the answer of the warm pod').httpPort;
}

function post(to: { host: string; port: number; path: string }, message: Buffer): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { ...to, method: 'POST', agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) };
    request({ ...options, headers: { 'content-length': message.length } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    })
      .on('error', reject)
      .end(message);
  });
}
