import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { messageOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import * as z from 'zod';
import type { Endpoint } from './endpoints.ts';

/** Asks for a pod that takes on a function which has none; undefined where there is none for it. It never fails. */
export type FindWarmPod = (functionName: string) => Promise<Endpoint | undefined>;

/** Longer than the controller waits for such a pod. */
const TIMEOUT_MS = 2500;
const boundSchema = z.object({ uid: z.string(), host: z.string(), port: z.int() });

/** Asks the controller at this address. */
export function warmPodsOf({ url, namespace, logger }: { url: string; namespace: string; logger: Logger }): FindWarmPod {
  const agent = new Agent({ keepAlive: true });
  return async (functionName) => {
    try {
      const { status, body } = await post(`${url}/warm/${namespace}/${functionName}`, agent);
      return status === 200 ? parseJson(boundSchema, body, 'the answer of the controller') : undefined;
    } catch (error) {
      logger.warn({ function: functionName, reason: messageOf(error) }, 'the controller cannot be asked for a warm pod');
      return undefined;
    }
  };
}

function post(url: string, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', agent, signal: AbortSignal.timeout(TIMEOUT_MS), headers: { 'content-length': 0 } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}
