import { exec } from '@ampoule/lib/exec';
import type { SealedHost } from './lab/lab.ts';

/** What was seen; the destinations are addresses with their protocol. */
export interface Egress {
  packets: number;
  destinations: string[];
}

/** A packet to the address of a Service, sent before kube-proxy has its rules, is not meant for outside. */
const SERVICES = '10.96.0.0/16';
const TABLE = 'ampoule-lab';

/** Counts what a sealed host sends to addresses outside its LAN, from outside the host, where nothing in it can tell. */
export async function countEgress({ address }: SealedHost, switchNamespace: string): Promise<() => Promise<Egress>> {
  const lan = address.replace(/\d+$/, '0/24');
  const nft = (input: string) => exec('ip', ['netns', 'exec', switchNamespace, 'nft', '-f', '-'], { input });
  await nft(`table ip ${TABLE}
delete table ip ${TABLE}
table ip ${TABLE} {
  set destinations { type ipv4_addr . inet_proto; size 64; flags dynamic; }
  chain seen {
    type filter hook prerouting priority 0;
    ip saddr ${address} ip daddr != ${lan} ip daddr != ${SERVICES} ip daddr != 224.0.0.0/4 ip daddr != 255.255.255.255 counter add @destinations { ip daddr . ip protocol }
  }
}
`);
  return async () => {
    const rules = await exec('ip', ['netns', 'exec', switchNamespace, 'nft', 'list', 'table', 'ip', TABLE]);
    const elements = /elements = \{([^}]*)\}/.exec(rules)?.[1] ?? '';
    return {
      packets: Number(/counter packets (\d+)/.exec(rules)?.[1] ?? Number.NaN),
      destinations: elements
        .split(',')
        .map((element) => element.trim())
        .filter(Boolean),
    };
  };
}
