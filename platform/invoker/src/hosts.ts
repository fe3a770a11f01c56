import { messageOf } from '@ampoule/lib/errors';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { resources } from '@ampoule/platform-api/kube/resources';
import { invokerError } from './errors.ts';

/** The addresses of all hosts of the cluster. @throws AMP_INVOKER_HOSTS_UNKNOWN */
export type HostAddresses = () => readonly string[];

/** No callback is sent before they are known. */
const RETRY_MS = 500;

interface HostsOptions {
  client: KubeClient;
  logger: Logger;
  /** Hosts come and go seldom. */
  everyMs?: number;
}

/** Follows the addresses that the hosts of the cluster have. While the API server is away those of before hold. */
export function followHosts({ client, logger, everyMs = 10_000 }: HostsOptions): { addresses: HostAddresses; stop: () => void } {
  let known: readonly string[] | undefined;
  let retry: NodeJS.Timeout | undefined;
  const look = async () => {
    try {
      const { items } = await client.list(resources.nodes);
      known = items.flatMap(({ status }) => status?.addresses ?? []).flatMap(({ type, address }) => (type.endsWith('IP') ? [address] : []));
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'the hosts of the cluster cannot be looked at');
      if (known === undefined) retry = setTimeout(look, RETRY_MS);
    }
  };
  void look();
  const timer = setInterval(look, everyMs);
  return {
    addresses() {
      if (known !== undefined) return known;
      throw invokerError('AMP_INVOKER_HOSTS_UNKNOWN', {
        what: 'The addresses of the hosts of the cluster are not known yet',
        fix: 'Look at the log of the invoker: it has to reach the API server.',
      });
    },
    stop() {
      clearInterval(timer);
      clearTimeout(retry);
    },
  };
}
