import * as z from 'zod';

const cidr = z.cidrv4({ error: 'must be an IPv4 network such as 10.244.0.0/16' });

/** The answers that an install needs. Everything has a default, so an empty file is a valid one. */
export const installConfigSchema = z
  .strictObject({
    /** Address of this host that the cluster uses; found from the default route when absent. */
    nodeAddress: z.ipv4({ error: 'must be an IPv4 address of this host' }).optional(),
    podCidr: cidr.default('10.244.0.0/16'),
    serviceCidr: cidr.default('10.96.0.0/16'),
    /** Name under which people reach the dashboard and the functions; a certificate is made for it and for the node's address. */
    hostname: z.hostname({ error: 'must be a DNS name' }).default('ampoule.internal'),
  })
  .describe('answers to the installer');

export type InstallConfig = z.output<typeof installConfigSchema>;

/** What the kubelet keeps free on the disks of pods and of images; below it, it removes images that nothing runs, then evicts pods. */
export const EVICTION_BYTES = 512 * 2 ** 20;

/** The answers with everything found out that the host itself can tell. */
export type ResolvedConfig = InstallConfig & { nodeAddress: string; nodeName: string };
