import { exec } from '@ampoule/lib/exec';
import { hostError } from '../host/errors.ts';
import type { Host } from '../host/host.ts';
import { waitForService } from '../install/services.ts';
import { paths } from '../paths.ts';
import { openRegistry } from '../status/registry.ts';
import { diskUse } from './disk-use.ts';
import { isReadOnly, registryUnits } from './units.ts';

export interface Collection {
  /** How many blobs no image used. */
  blobs: number;
  /** Bytes on the disk before and after. */
  before: number;
  after: number;
}

const LOOK_TIMEOUT_MS = 3_600_000;
/** Longer than systemd lets the sweep take. */
const SWEEP_TIMEOUT_MS = 4 * 3_600_000;
const READY_TIMEOUT_MS = 30_000;

/**
 * Frees the disk of what no image in the registry uses. Where there is nothing the registry is not even started anew.
 * @throws AMP_NOT_INSTALLED, AMP_COMMAND_FAILED, AMP_COMMAND_TIMEOUT, AMP_NOT_READY
 */
export async function collectRegistry(host: Host): Promise<Collection> {
  if (!(await host.exists(`${paths.units}/${registryUnits.sweep}`))) {
    throw hostError('AMP_NOT_INSTALLED', {
      what: 'There is no registry of Ampoule on this host that could be collected',
      fix: 'Run "ampoule install" from an unpacked bundle; the registry is on the first host of an appliance.',
    });
  }
  const blobs = await unusedBlobs(host.at(`${paths.bin}/registry`), host.at(paths.registryConfig));
  const before = await diskUse(host.at(paths.registryData));
  if (blobs === 0) return { blobs, before, after: before };
  // The unit goes on and ends well though this command is killed.
  await exec('systemctl', ['start', registryUnits.sweep], { timeoutMs: SWEEP_TIMEOUT_MS });
  const client = await openRegistry(host);
  await waitForService(registryUnits.registry, async () => !(await isReadOnly()) && client.ping(), READY_TIMEOUT_MS);
  return { blobs, before, after: await diskUse(host.at(paths.registryData)) };
}

/** How many blobs a collection would remove now; only reads. @throws AMP_COMMAND_FAILED */
export async function unusedBlobs(program: string, config: string): Promise<number> {
  const output = await exec(program, ['garbage-collect', '--dry-run', config], {
    timeoutMs: LOOK_TIMEOUT_MS,
    env: { OTEL_TRACES_EXPORTER: 'none', OTEL_SDK_DISABLED: 'true' },
  });
  const found = /, (\d+) blobs and \d+ manifests eligible for deletion/.exec(output)?.[1];
  if (found === undefined) throw new Error(`${program} garbage-collect says nothing of what it found`);
  return Number(found);
}
