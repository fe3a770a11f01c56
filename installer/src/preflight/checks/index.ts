import type { Check } from '../model.ts';
import { capabilityChecks } from './capabilities.ts';
import { cgroupChecks } from './cgroups.ts';
import { cpuMemoryChecks } from './cpu-memory.ts';
import { diskChecks } from './disk.ts';
import { diskSpaceChecks } from './disk-space.ts';
import { firewallChecks } from './firewall.ts';
import { kernelChecks } from './kernel.ts';
import { leftoverChecks } from './leftovers.ts';
import { limitChecks } from './limits.ts';
import { nameChecks } from './names.ts';
import { networkChecks } from './network.ts';
import { networkRangeChecks } from './network-ranges.ts';
import { portChecks } from './ports.ts';
import { runtimeLeftoverChecks } from './runtime-leftovers.ts';
import { securityChecks } from './security.ts';
import { systemChecks } from './system.ts';
import { timeChecks } from './time.ts';

/** Every check, in the order in which people read them. */
export const checks: readonly Check[] = [
  ...systemChecks,
  ...securityChecks,
  ...kernelChecks,
  ...cpuMemoryChecks,
  ...diskSpaceChecks,
  ...diskChecks,
  ...cgroupChecks,
  ...capabilityChecks,
  ...limitChecks,
  ...nameChecks,
  ...networkChecks,
  ...networkRangeChecks,
  ...portChecks,
  ...firewallChecks,
  ...timeChecks,
  ...leftoverChecks,
  ...runtimeLeftoverChecks,
];
