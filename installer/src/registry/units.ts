import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
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
  writable: 'ampoule-registry-writable.service',
} as const;

// https://distribution.github.io/distribution/about/configuration/#readonly
const READ_ONLY = 'REGISTRY_STORAGE_MAINTENANCE_READONLY=';
const readOnlyMode = `${READ_ONLY}'{"enabled":true}'\n`;

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
 * Nothing may be written while the registry's program collects, so that it is read-only meanwhile. However the sweep ends, systemd itself
 * removes the folder with the mode and starts the unit that makes the registry writable again: a command of the sweep could be killed.
 */
const sweep = `[Unit]
Description=Ampoule: frees the disk of what nothing in the private registry uses
OnSuccess=${registryUnits.writable}
OnFailure=${registryUnits.writable}

[Service]
Type=oneshot
TimeoutStartSec=3h
Nice=10
RuntimeDirectory=${basename(paths.registryModeFolder)}
Environment=OTEL_TRACES_EXPORTER=none OTEL_SDK_DISABLED=true
ExecStartPre=/usr/bin/env cp ${paths.registryReadOnly} ${paths.registryMode}
ExecStartPre=/usr/bin/env systemctl restart ${registryUnits.registry}
ExecStart=${paths.bin}/registry garbage-collect --quiet --delete-untagged=false ${paths.registryConfig}
`;

const writable = `# Follows ${paths.bin}/registry garbage-collect
[Unit]
Description=Ampoule: makes the private registry writable after a collection
StartLimitIntervalSec=0

[Service]
Type=oneshot
Restart=on-failure
RestartSec=1
ExecStart=/usr/bin/env systemctl restart ${registryUnits.registry}
`;

/** The files of the collection. */
export const collectionFiles: readonly HostFile[] = [
  { path: paths.registryReadOnly, contents: readOnlyMode, mode: 0o644 },
  ...Object.entries({ timer, collect, sweep, writable } as const).map(([name, contents]) => ({
    path: `${paths.units}/${registryUnits[name as Exclude<keyof typeof registryUnits, 'registry'>]}`,
    contents,
    mode: 0o644,
  })),
];

/** Whether the registry that runs refuses to be written. */
export async function isReadOnly(): Promise<boolean> {
  const { stdout } = await tryExec('systemctl', ['show', '--property=MainPID', '--value', registryUnits.registry]);
  return ((await readIfThere(`/proc/${stdout.trim()}/environ`)) ?? '').includes(READ_ONLY);
}

/** Ends a sweep that still runs; the registry is writable when it starts the next time. */
export async function endSweep(): Promise<void> {
  // Fails where there are no such units yet, which is as well.
  for (const unit of [registryUnits.sweep, registryUnits.writable]) await tryExec('systemctl', ['stop', unit]);
  await rm(paths.registryModeFolder, { recursive: true, force: true });
}
