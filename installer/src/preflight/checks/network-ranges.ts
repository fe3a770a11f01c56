import { contains, type Network, networkOf, networkText, overlaps } from '../../host/cidr.ts';
import type { Host } from '../../host/host.ts';
import { isClusterInterface } from '../../host/network.ts';
import { listRoutes } from '../../host/routes.ts';
import { type Check, fail, type Outcome, pass } from '../model.ts';
import { hasAmpoule, OWN } from '../ours.ts';

const ranges = { podCidr: 'Pod network', serviceCidr: 'Service network' } as const;
type Range = keyof typeof ranges;
const otherRange = (range: Range) => `Choose another ${range} in the answers, such as 10.200.0.0/16.`;
// Each node takes a /24 of the pod network; kubeadm and the API server bound the service network.
const sizes = { podCidr: { widest: 8, narrowest: 24 }, serviceCidr: { widest: 12, narrowest: 28 } } as const;

/** The networks of pods and Services, and what is around the host. */
export const networkRangeChecks: Check[] = [
  {
    id: 'network.ranges-apart',
    title: 'Pod and service networks do not overlap',
    run({ config }) {
      const detail = `${config.podCidr}, ${config.serviceCidr}`;
      if (!overlaps(networkOf(config.podCidr), networkOf(config.serviceCidr))) return pass(detail);
      return fail(`${detail} overlap`, otherRange('serviceCidr'));
    },
  },
  ...(['podCidr', 'serviceCidr'] as const).flatMap((range): Check[] => [
    {
      id: `network.${kebab(range)}-size`,
      title: `${ranges[range]} has a fit size`,
      run({ config }) {
        const { bits } = networkOf(config[range]);
        const { widest, narrowest } = sizes[range];
        if (widest <= bits && bits <= narrowest) return pass(config[range]);
        return fail(`${config[range]}: the prefix must be from /${widest} to /${narrowest}`, `Correct ${range} in the answers.`);
      },
    },
    {
      id: `network.${kebab(range)}-node-address`,
      title: `Node address is outside the ${ranges[range].toLowerCase()}`,
      run({ config }) {
        if (!contains(networkOf(config[range]), config.nodeAddress)) return pass(config[range]);
        return fail(`${config[range]} holds ${config.nodeAddress}`, otherRange(range));
      },
    },
    {
      id: `network.${kebab(range)}-lan`,
      title: `${ranges[range]} overlaps no LAN of this host`,
      run({ host, config }) {
        const addresses = host.live.addresses().filter((address) => !isClusterInterface(address.interface));
        const lan = addresses.find(({ cidr }) => overlaps(networkOf(cidr), networkOf(config[range])));
        if (lan === undefined) return pass(config[range]);
        return fail(`${config[range]} overlaps ${networkText(networkOf(lan.cidr))} on ${lan.interface}`, otherRange(range));
      },
    },
    {
      id: `network.${kebab(range)}-routes`,
      title: `${ranges[range]} overlaps no route`,
      run: ({ host, config }) => checkRoutes(host, networkOf(config[range]), range),
    },
  ]),
];

async function checkRoutes(host: Host, network: Network, range: Range): Promise<Outcome> {
  const routes = (await listRoutes(host)).filter((route) => route.network.bits > 0 && overlaps(route.network, network));
  if (routes.length === 0) return pass(networkText(network));
  // Beside an Ampoule, routes of its own network are there by design; those with a gateway lead to its other hosts.
  const foreign = (await hasAmpoule(host))
    ? routes.filter((route) => !isClusterInterface(route.interface) && !isPodRoute(route.network, network))
    : routes;
  if (foreign.length === 0) return pass(OWN);
  const list = foreign.map((route) => `${networkText(route.network)} on ${route.interface}`).join(', ');
  return fail(`${networkText(network)} overlaps ${list}`, otherRange(range));
}

function isPodRoute(route: Network, network: Network): boolean {
  return route.bits >= network.bits && contains(network, networkText(route).split('/')[0] ?? '');
}

function kebab(range: Range): string {
  return range === 'podCidr' ? 'pods' : 'services';
}
