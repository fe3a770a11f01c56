import { isIPv6 } from 'node:net';
import { messageOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import { KubeClient } from '@ampoule/platform-api/kube/client';
import { type Candidate, leaderAddressOf } from '@ampoule/platform-api/kube/leadership';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import * as z from 'zod';
import type { WarmDesk } from './server.ts';

/** Shorter than the activator waits. */
const TIMEOUT_MS = 2000;
const boundSchema = z.object({ uid: z.string(), host: z.string(), port: z.int() });

export interface LeaderDeskOptions {
  client: KubeClient;
  logger: Logger;
  /** Undefined where there is no other controller. */
  candidate: Candidate | undefined;
  /** At which all controllers are asked. */
  port: number | undefined;
}

/** Passes on what is asked of a controller that does not lead to the one that does. */
export function leaderDesk({ client, logger, candidate, port }: LeaderDeskOptions): WarmDesk {
  // Of its own: the usual one waits longer for an answer than the activator does.
  const impatient = new KubeClient(client.config, { timeoutMs: TIMEOUT_MS });
  return {
    async bind(key) {
      if (candidate === undefined) return undefined;
      try {
        const signal = AbortSignal.timeout(TIMEOUT_MS);
        const leader = await leaderAddressOf(impatient, candidate);
        if (leader === undefined || leader === candidate.address) return undefined;
        const host = isIPv6(leader) ? `[${leader}]` : leader;
        const answer = await fetch(`http://${host}:${port}/warm/${key}`, { method: 'POST', signal });
        const body = await answer.text();
        return answer.status === 200 ? parseJson(boundSchema, body, 'the answer of the leader') : undefined;
      } catch (error) {
        logger.warn({ key, reason: messageOf(error) }, 'the leader cannot be asked for a warm pod');
        return undefined;
      }
    },
  };
}
