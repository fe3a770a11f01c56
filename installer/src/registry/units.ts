import { rm } from 'node:fs/promises';
import { tryExec } from '@ampoule/lib/exec';
import type { HostFile } from '../install/files.ts';
import { paths } from '../paths.ts';
import { readIfThere } from '../pki/files.ts';

/** The units of the registry and of the collection of what nothing in it uses. */
export const registryUnits = {
  registry: 'ampoule-registry.service',
  timer: 'ampoule-registry-collect.timer',
  collect: 'ampoule-registry-collect.service',
  sweep: 'ampoule-registry-sweep.service',
} as const;

// https://distribution.github.io/distribution/about/configuration/#readonly
const readOnlyMode = `REGISTRY_STORAGE_MAINTENANCE_READONLY='{"enabled":true}'\n`;

const timer = `# Runs ${paths.bin}/ampoule registry collect
[Unit]
Description=Ampoule: weekly collection in the private registry

[Timer]
OnCalendar=Sun *-*-* 03:30
RandomizedDelaySec=15m

[Install]
WantedBy=multi-user.target
`;

const collect = `[Unit]
Description=Ampoule: looks for what nothing in the private registry uses

[Service]
Type=oneshot
TimeoutStartSec=4h
ExecStart=${paths.bin}/ampoule registry collect
`;

/**
 * Nothing may be written while the registry's program collects, so that it is read-only meanwhile. systemd makes it writable again
 * however this ends: by an error, a kill or the time limit; a boot by itself, since the mode lies below /run.
 */
const sweep = `[Unit]
Description=Ampoule: frees the disk of what nothing in the private registry uses

[Service]
Type=oneshot
TimeoutStartSec=3h
Nice=10
Environment=OTEL_TRACES_EXPORTER=none OTEL_SDK_DISABLED=true
ExecStartPre=/usr/bin/env mkdir -p ${paths.run}
ExecStartPre=/usr/bin/env cp ${paths.registryReadOnly} ${paths.registryMode}
ExecStartPre=/usr/bin/env systemctl restart ${registryUnits.registry}
ExecStart=${paths.bin}/registry garbage-collect --quiet --delete-untagged=false ${paths.registryConfig}
ExecStopPost=/usr/bin/env rm -f ${paths.registryMode}
ExecStopPost=/usr/bin/env systemctl restart ${registryUnits.registry}
`;

/** The files of the collection. */
export const collectionFiles: readonly HostFile[] = [
  { path: paths.registryReadOnly, contents: readOnlyMode, mode: 0o644 },
  ...Object.entries({ timer, collect, sweep } as const).map(([name, contents]) => ({
    path: `${paths.units}/${registryUnits[name as 'timer' | 'collect' | 'sweep']}`,
    contents,
    mode: 0o644,
  })),
];

/** Whether a registry that starts now refuses to be written. */
export async function isReadOnly(): Promise<boolean> {
  return (await readIfThere(paths.registryMode)) !== undefined;
}

/** Ends a sweep that still runs; the registry is writable when it starts the next time. */
export async function endSweep(): Promise<void> {
  // Fails where there is no such unit yet, which is as well.
  await tryExec('systemctl', ['stop', registryUnits.sweep]);
  await rm(paths.registryMode, { force: true });
}
