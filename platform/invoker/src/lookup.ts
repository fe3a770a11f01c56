import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

const TIMEOUT_MS = 2000;
const TRIES = 2;
/** https://www.rfc-editor.org/rfc/rfc6761#section-6.3 */
const LOOPBACK_NAME = /(^|\.)localhost\.?$/i;
const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * Finds addresses without `dns.lookup`: that one keeps one of four threads for as long as a name server is silent, and whoever names a callback
 * chooses the name server. The same threads read files and find the functions. So names are whole names: no domain is added to them.
 */
export function makeLookup(servers?: readonly string[]): Lookup {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  return async (hostname) => {
    const family = isIP(hostname);
    if (family !== 0) return [{ address: hostname, family }];
    if (LOOPBACK_NAME.test(hostname)) return LOOPBACK;
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = [
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
    ];
    if (found.length === 0) throw four.status === 'rejected' ? four.reason : new Error(`${hostname} has no address`);
    return found;
  };
}
