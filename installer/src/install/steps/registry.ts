import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { compare, hash } from 'bcryptjs';
import { dump } from 'js-yaml';
import { paths, ports } from '../../paths.ts';
import { readIfThere } from '../../pki/files.ts';
import { collectionFiles, endSweep, isReadOnly, registryUnits } from '../../registry/units.ts';
import { ensureSecrets, registryUrl } from '../../secrets.ts';
import { removeFile, removeFolder } from '../../uninstall/files.ts';
import { removeService } from '../../uninstall/services.ts';
import { areWritten, type HostFile, writeFiles } from '../files.ts';
import { isInService, startService, waitForService } from '../services.ts';
import type { InstallContext, Step } from '../step.ts';
import { openPki } from './certificates.ts';

const PASSWORDS = `${paths.config}/registry.htpasswd`;
const READY_TIMEOUT_MS = 30_000;

/** The password is 256 random bits, which no cost factor makes safer; each request pays for the factor. */
const BCRYPT_COST = 4;

/** Runs the private registry as a service of the host, so that it needs no cluster to fill it. */
export const registry: Step = {
  id: 'registry',
  title: 'Private registry',
  writes: [
    ...[paths.registryConfig, PASSWORDS, paths.registryReadOnly, paths.registryModeFolder, paths.registryData],
    ...Object.values(registryUnits).map((unit) => `${paths.units}/${unit}`),
  ],
  predictedSeconds: 0.3,
  bytes: async () => 10_000,
  check: async (context) =>
    (await areWritten(await files(context))) &&
    (await passwordIsSet()) &&
    !(await isReadOnly()) &&
    (await isInService(registryUnits.registry)) &&
    (await isInService(registryUnits.timer)) &&
    (await isReady(context)),
  apply: async (context) => {
    await mkdir(paths.config, { recursive: true, mode: 0o700 });
    await mkdir(paths.registryData, { recursive: true, mode: 0o700 });
    await writeFiles(await files(context));
    if (!(await passwordIsSet())) {
      const { username, password } = await ensureSecrets();
      await writeFiles([{ path: PASSWORDS, contents: `${username}:${await hash(password, BCRYPT_COST)}\n`, mode: 0o600 }]);
    }
    await endSweep();
    await startService(registryUnits.registry);
    await waitForService(registryUnits.registry, () => isReady(context), READY_TIMEOUT_MS);
    await startService(registryUnits.timer);
  },
  undo: async (context) => {
    // A sweep that ends starts the registry once more, so that goes last.
    const { timer, collect, sweep, writable, registry: served } = registryUnits;
    for (const unit of [timer, collect, sweep, writable, served]) await removeService(context, unit, 'registry');
    for (const file of [paths.registryConfig, PASSWORDS, paths.registryReadOnly]) await removeFile(context, file);
    await removeFolder(context, paths.registryModeFolder);
    await removeFolder(context, paths.registryData);
  },
};

/** A client of the registry on this host. */
export async function registryClient(context: Pick<InstallContext, 'config' | 'bundle'>): Promise<RegistryClient> {
  const { username, password } = await ensureSecrets();
  const ca = await readFile((await openPki(context)).trust, 'utf8');
  return new RegistryClient({ url: registryUrl(context.config.nodeAddress), username, password, ca });
}

async function isReady(context: InstallContext): Promise<boolean> {
  return (await registryClient(context)).ping();
}

async function passwordIsSet(): Promise<boolean> {
  const { username, password } = await ensureSecrets();
  const [name, digest = ''] = ((await readIfThere(PASSWORDS)) ?? '').trim().split(':');
  return name === username && compare(password, digest);
}

async function files(context: InstallContext): Promise<HostFile[]> {
  const { servers } = await openPki(context);
  const config = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: paths.registryData },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: true, age: '24h', interval: '24h', dryrun: false } },
    },
    http: {
      addr: `:${ports.registry}`,
      tls: { certificate: servers.registry.certificate, key: servers.registry.key, minimumtls: 'tls1.2' },
    },
    auth: { htpasswd: { realm: 'ampoule', path: PASSWORDS } },
  };
  const unit = `[Unit]
Description=Ampoule private registry
After=network.target
# However often it was started anew, it is to be there.
StartLimitIntervalSec=0

[Service]
EnvironmentFile=-${paths.registryMode}
Environment=OTEL_TRACES_EXPORTER=none OTEL_SDK_DISABLED=true
ExecStart=${paths.bin}/registry serve ${paths.registryConfig}
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
  // The registry reads its certificate when it starts: another certificate is another configuration.
  const certificate = createHash('sha256')
    .update(await readFile(servers.registry.certificate))
    .digest('hex');
  return [
    { path: paths.registryConfig, contents: `# Certificate ${certificate}\n${dump(config)}`, mode: 0o644 },
    { path: `${paths.units}/${registryUnits.registry}`, contents: unit, mode: 0o644 },
    ...collectionFiles,
  ];
}
