import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import { KubeClient } from '@ampoule/platform-api/kube/client';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { resources } from '@ampoule/platform-api/kube/resources';
import { invokerError } from './errors.ts';

/** The addresses of all hosts of the cluster. @throws AMP_INVOKER_HOSTS_UNKNOWN */
export type HostAddresses = () => readonly string[];

/** Nothing may be called back before they are known, so that is tried soon again, and less often with each try. */
const RETRY_MS = 500;
const REQUEST_MS = 5000;

interface HostsOptions {
  config: KubeClient['config'];
  logger: Logger;
  /** Hosts come and go seldom. */
  everyMs?: number;
  /** An API server that does not answer within this time is asked again. */
  requestMs?: number;
}

export interface Hosts {
  addresses: HostAddresses;
  /** Settles when there is a first list. */
  known: Promise<void>;
}

/** Follows the addresses that the hosts of the cluster have. While the API server is away those of before hold. */
export function followHosts(options: HostsOptions): Hosts & { stop: () => void } {
  const { config, logger, everyMs = 10_000, requestMs = REQUEST_MS } = options;
  const client = new KubeClient(config, { timeoutMs: requestMs });
  const stopping = new AbortController();
  const { promise: known, resolve } = Promise.withResolvers<void>();
  let found: readonly string[] | undefined;
  const follow = async (signal: AbortSignal) => {
    for (let retryMs = RETRY_MS; !signal.aborted; retryMs *= 2) {
      try {
        const { items } = await client.list(resources.nodes);
        found = items
          .flatMap(({ status }) => status?.addresses ?? [])
          .flatMap(({ type, address }) => (type.endsWith('IP') ? [address] : []));
        resolve();
      } catch (error) {
        if (!signal.aborted) logger.warn({ reason: messageOf(error) }, 'the hosts of the cluster cannot be looked at');
      }
      await delay(found === undefined ? Math.min(retryMs, everyMs) : everyMs, undefined, { signal }).catch(() => undefined);
    }
  };
  void follow(stopping.signal);
  return {
    addresses() {
      if (found !== undefined) return found;
      throw invokerError('AMP_INVOKER_HOSTS_UNKNOWN', {
        what: 'The addresses of the hosts of the cluster are not known yet',
        fix: 'Look at the log of the invoker: it has to reach the API server.',
      });
    },
    known,
    stop() {
      stopping.abort();
      client.close();
    },
  };
}
