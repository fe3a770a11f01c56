import { networkInterfaces } from 'node:os';
import { codeOf } from '@ampoule/lib/errors';

export interface InterfaceAddress {
  interface: string;
  address: string;
  /** For example `10.0.0.5/24`. */
  cidr: string;
}

/** What a machine tells by calls and not by files. */
export interface LiveState {
  /** IPv4 addresses of all interfaces but the loopback. */
  addresses(): InterfaceAddress[];
  userId(): number;
  now(): Date;
  environment: Record<string, string | undefined>;
  /** Sends a signal; false when there is no such process. */
  signal(pid: number, signal: NodeJS.Signals | 0): boolean;
  /** This process; never to be killed. */
  pid: number;
}

export const liveState: LiveState = {
  addresses: () =>
    Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses
        .filter(({ family, internal }) => family === 'IPv4' && !internal)
        .map(({ address, cidr }) => ({ interface: name, address, cidr: cidr ?? `${address}/32` })),
    ),
  userId: () => process.getuid?.() ?? -1,
  now: () => new Date(),
  environment: process.env,
  signal(pid, signal) {
    try {
      return process.kill(pid, signal);
    } catch (error) {
      if (codeOf(error) === 'ESRCH') return false;
      throw error;
    }
  },
  pid: process.pid,
};
