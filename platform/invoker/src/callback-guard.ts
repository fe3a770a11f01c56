import type { LookupAddress } from 'node:dns';
import { BlockList, isIPv6 } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '@ampoule/lib/errors';
import { invokerError } from './errors.ts';
import type { HostAddresses } from './hosts.ts';
import { type Lookup, makeLookup } from './lookup.ts';

/** Where callbacks may go. */
export interface CallbackRules {
  /** Networks in CIDR notation, where none may go, beside those where none may ever go. */
  refused: readonly string[];
  /** Where only the ingress may be called: all else there is for those who run the cluster. */
  nodeAddress: string | undefined;
  /** Such addresses of all hosts, where they are known by more than settings. */
  hostAddresses?: HostAddresses;
}

/**
 * Networks whose addresses are another host for each host, or many: https://www.iana.org/assignments/iana-ipv4-special-registry. Those of NAT64,
 * Teredo and 6to4 hold an IPv4 address, which may be any: https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const ALWAYS_REFUSED = [
  ...['169.254.0.0/16', '224.0.0.0/3', 'fe80::/10', 'ff00::/8'],
  ...['64:ff9b::/96', '64:ff9b:1::/48', '2001::/32', '2002::/16'],
];
const CHECK_MS = 2000;
const INGRESS_PORTS: ReadonlySet<number> = new Set([80, 443]);

/**
 * Says where callbacks may go: nowhere that only the inside of the cluster reaches. A callback comes from within, and would get past what
 * guards functions from outside.
 */
export class CallbackGuard {
  readonly #refused = new BlockList();
  readonly #hostAddresses: HostAddresses;
  readonly #lookup: Lookup;

  /** A rule for IPv4 holds also for such addresses that are written as IPv6. */
  constructor({ refused, nodeAddress, hostAddresses = () => [] }: CallbackRules, lookup: Lookup = makeLookup()) {
    this.#lookup = lookup;
    this.#hostAddresses = () => (nodeAddress === undefined ? hostAddresses() : [nodeAddress, ...hostAddresses()]);
    for (const network of [...ALWAYS_REFUSED, ...refused]) {
      const [address = '', prefix] = network.split('/');
      this.#refused.addSubnet(address, Number(prefix), familyOf(address));
    }
  }

  /** Whether it is known where callbacks may not go. */
  get isReady(): boolean {
    try {
      this.#hostAddresses();
      return true;
    } catch {
      return false;
    }
  }

  /** The addresses of a callback's host; a connection has to go to one of these, since its name may mean another one a moment later.
   * @throws AMP_INVOKER_CALLBACK, AMP_INVOKER_HOSTS_UNKNOWN, and what the look-up of a name fails with */
  async addressesOf(url: string): Promise<LookupAddress[]> {
    const { hostname: host, port, protocol } = new URL(url);
    const hostname = host.replace(/^\[|\]$/g, '');
    const isIngress = INGRESS_PORTS.has(Number(port || (protocol === 'https:' ? 443 : 80)));
    const addresses = await this.#lookup(hostname);
    const hosts = new BlockList();
    for (const host of this.#hostAddresses()) hosts.addAddress(host, familyOf(host));
    for (const { address } of addresses) {
      const isNode = !isIngress && hosts.check(address, familyOf(address));
      if (!isNode && !this.#refused.check(address, familyOf(address))) continue;
      throw invokerError('AMP_INVOKER_CALLBACK', {
        what: `No callback may go to ${new URL(url).host}`,
        why: isNode ? 'of the hosts of the cluster only the ingress may be called' : 'it is inside of the cluster, or on the host itself',
        fix: 'Name an address that callers outside of the cluster reach. Functions have one at the ingress, at port 443.',
      });
    }
    return addresses;
  }

  /** Refuses what is known to be wrong. A name that cannot be resolved now may be so when the callback is sent. @throws AMP_INVOKER_CALLBACK */
  async check(url: string): Promise<void> {
    await Promise.race([this.addressesOf(url), delay(CHECK_MS, undefined, { ref: false })]).catch((error: unknown) => {
      if (codeOf(error) === 'AMP_INVOKER_CALLBACK') throw error;
    });
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
