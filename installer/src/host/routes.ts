import { addressText, type Network, networkOf } from './cidr.ts';
import type { Host } from './host.ts';

export interface Route {
  interface: string;
  network: Network;
  /** `0.0.0.0` when the network is on the link itself. */
  gateway: string;
  metric: number;
}

const UP = 0x1;

/** The IPv4 routes of the main table. */
export async function listRoutes(host: Host): Promise<Route[]> {
  const text = (await host.readText('/proc/net/route')) ?? '';
  return text.split('\n').slice(1).flatMap(parseLine);
}

/** The default route that the kernel prefers. */
export function defaultRoute(routes: readonly Route[]): Route | undefined {
  return routes.filter(({ network }) => network.bits === 0).sort((a, b) => a.metric - b.metric)[0];
}

function parseLine(line: string): Route[] {
  const [name = '', destination = '', gateway = '', flags = '', , , metric = '', mask = ''] = line.trim().split(/\s+/);
  if (mask === '' || (Number.parseInt(flags, 16) & UP) === 0) return [];
  const bits = littleEndian(mask).toString(2).replace(/0+$/, '').length;
  return [
    {
      interface: name,
      network: networkOf(`${addressText(littleEndian(destination))}/${littleEndian(mask) === 0 ? 0 : bits}`),
      gateway: addressText(littleEndian(gateway)),
      metric: Number(metric),
    },
  ];
}

// The kernel prints the address's bytes as the machine's own number; every machine that Ampoule runs on is little-endian.
function littleEndian(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE();
}
