/** An IPv4 network as its first and last address, each an unsigned 32-bit number. */
export interface Network {
  first: number;
  last: number;
  bits: number;
}

/** The number of an IPv4 address in dotted form. */
export function addressNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The dotted form of an address. */
export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** The network that holds an address with its prefix length, for example `10.0.0.5/24`. */
export function networkOf(cidr: string): Network {
  const [address = '', prefix = '32'] = cidr.split('/');
  const bits = Number(prefix);
  const size = 2 ** (32 - bits);
  const first = Math.floor(addressNumber(address) / size) * size;
  return { first, last: first + size - 1, bits };
}

export function networkText({ first, bits }: Network): string {
  return `${addressText(first)}/${bits}`;
}

export function overlaps(a: Network, b: Network): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function contains(network: Network, address: string): boolean {
  const number = addressNumber(address);
  return network.first <= number && number <= network.last;
}
