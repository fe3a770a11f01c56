import type { ResolvedConfig } from '../config.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const YEAR_DAYS = 365;

/** Days of validity. A sealed host has nobody who renews every 90 days, so the chain must outlive the hardware; the leaves are renewed by an upgrade. */
export const lifetimeDays = {
  root: 20 * YEAR_DAYS,
  authority: 10 * YEAR_DAYS,
  server: 5 * YEAR_DAYS,
} as const;

/** How far before now a certificate begins to be valid: other hosts' clocks may be that much behind. */
export const BACKDATE_MS = DAY_MS;

/** Bits of RSA keys. The root outlives the years in which 2048 bits are recommended. */
export const keyBits = { root: 3072, other: 2048 } as const;

/** Bytes of a random serial number. */
export const SERIAL_BYTES = 16;

/** Name of the registry inside the appliance. */
export const REGISTRY_HOSTNAME = 'registry.ampoule.internal';

/** The authorities that the root signs; each name is that of its files. */
export const authorityNames = ['cluster', 'etcd', 'front-proxy', 'registry', 'ingress'] as const;
export type AuthorityName = (typeof authorityNames)[number];

export interface AlternativeNames {
  dns: readonly string[];
  ip: readonly string[];
}

/** The servers whose certificates the installer makes itself; kubeadm makes the others. The authority of each has its name. */
export const serverNames = ['registry', 'ingress'] as const satisfies readonly AuthorityName[];
export type ServerName = (typeof serverNames)[number];

/** The names under which each server is reached. */
export function alternativeNames(
  server: ServerName,
  { hostname, nodeAddress }: Pick<ResolvedConfig, 'hostname' | 'nodeAddress'>,
): AlternativeNames {
  switch (server) {
    case 'registry':
      return { dns: [REGISTRY_HOSTNAME, 'localhost'], ip: [...new Set([nodeAddress, '127.0.0.1'])] };
    case 'ingress':
      return { dns: [hostname, `*.${hostname}`], ip: [nodeAddress] };
  }
}

/** End of a certificate that lives for `days`, but never longer than its issuer. */
export function notAfterOf(notBefore: Date, days: number, issuerNotAfter?: Date): Date {
  const end = notBefore.getTime() + days * DAY_MS;
  return new Date(Math.min(end, issuerNotAfter?.getTime() ?? end));
}
