import { mkdir, readFile } from 'node:fs/promises';
import { tryExec } from '@ampoule/lib/exec';
import { paths } from '../../paths.ts';
import { ensureSecrets, registryUrl } from '../../secrets.ts';
import { removeFile, removeFolder, removeHollow } from '../../uninstall/files.ts';
import { removeMounts, removeNetworkNamespaces } from '../../uninstall/mounts.ts';
import { removeService } from '../../uninstall/services.ts';
import { areWritten, type HostFile, writeFiles } from '../files.ts';
import { isInService, startService, waitForService } from '../services.ts';
import type { InstallContext, Step } from '../step.ts';
import { openPki } from './certificates.ts';

const UNIT = 'ampoule-containerd.service';
const READY_TIMEOUT_MS = 30_000;
const REGISTRY_CA = `${paths.config}/registry-ca.crt`;

/** Runs containerd with mirrors that send every image name to the private registry, and pins the appliance's images. */
export const containerd: Step = {
  id: 'containerd',
  title: 'Container runtime',
  writes: [paths.containerdConfig, paths.mirrors, `${paths.units}/${UNIT}`, paths.containerdData],
  predictedSeconds: 0.3,
  bytes: async () => 50_000,
  check: async (context) => (await areWritten(await files(context))) && (await isInService(UNIT)) && (await isReady()),
  apply: async (context) => {
    await mkdir(paths.cniConfig, { recursive: true });
    await writeFiles(await files(context));
    await startService(UNIT);
    await waitForService(UNIT, isReady, READY_TIMEOUT_MS);
  },
  undo: async (context) => {
    await removeService(context, UNIT, 'containerd');
    await removeNetworkNamespaces(context);
    for (const folder of [paths.run, paths.containerdData]) await removeMounts(context, folder);
    for (const file of [REGISTRY_CA, paths.containerdConfig]) await removeFile(context, file);
    for (const folder of [paths.mirrors, paths.run, paths.containerdData]) await removeFolder(context, folder);
    if (!context.owned) return;
    // Sockets of shims, addresses of pods, and empty folders that containerd makes for its options.
    for (const folder of ['/run/containerd/s', '/var/lib/cni']) await removeFolder(context, folder);
    for (const folder of ['/opt/containerd', '/run/containerd', '/opt/cni']) await removeHollow(context, folder);
  },
};

async function isReady(): Promise<boolean> {
  return (await tryExec(`${paths.bin}/ctr`, ['--address', paths.containerdSocket, '--connect-timeout', '1s', 'version'])).code === 0;
}

async function files(context: InstallContext): Promise<HostFile[]> {
  const { trust } = await openPki(context);
  return [
    { path: REGISTRY_CA, contents: await readFile(trust, 'utf8'), mode: 0o644 },
    { path: paths.containerdConfig, contents: config(context), mode: 0o644 },
    { path: `${paths.units}/${UNIT}`, contents: unit, mode: 0o644 },
    ...(await mirrors(context)),
  ];
}

/** One folder for each registry that the bundle's images are named after, and one for all others, so that nothing is ever asked outside. */
async function mirrors({ bundle, config: { nodeAddress } }: InstallContext): Promise<HostFile[]> {
  const { username, password } = await ensureSecrets();
  const credentials = Buffer.from(`${username}:${password}`).toString('base64');
  const hosts = new Set(bundle.manifest.images.map(({ name }) => name.split('/')[0] ?? ''));
  return [...hosts, '_default'].sort().map((host) => {
    const url = `${registryUrl(nodeAddress)}/v2${host === '_default' ? '' : `/${host}`}`;
    const lines = [
      `server = "${url}"`,
      '',
      `[host."${url}"]`,
      '  capabilities = ["pull", "resolve"]',
      '  override_path = true',
      `  ca = "${REGISTRY_CA}"`,
      `  [host."${url}".header]`,
      `    authorization = "Basic ${credentials}"`,
    ];
    return { path: `${paths.mirrors}/${host}/hosts.toml`, contents: `${lines.join('\n')}\n`, mode: 0o600 };
  });
}

/** https://github.com/containerd/containerd/blob/v2.3.7/docs/cri/config.md */
function config({ bundle, traits }: InstallContext): string {
  const names = bundle.manifest.images.map(({ name }) => name).filter((name) => name !== bundle.manifest.host);
  const pause = names.find((name) => name.startsWith('registry.k8s.io/pause:'));
  const pinned = names
    .filter((name) => name !== pause)
    .map((name) => `    ${JSON.stringify(name.replace(/:[^:]+$/, ''))} = ${JSON.stringify(name)}`);
  return `version = 3
root = "${paths.containerdData}"
state = "${paths.containerdState}"
# Kinds of storage that this host does not use; probing them only costs time at the start.
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.differ.v1.erofs", "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = "${paths.containerdSocket}"

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = "${paths.mirrors}"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = ${JSON.stringify(pause)}
${pinned.join('\n')}

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = ${!traits.canRaiseOomScore}
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["${paths.cniBin}"]
    conf_dir = "${paths.cniConfig}"
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = "runc"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        BinaryName = "${paths.bin}/runc"
        Root = "${paths.runcState}"
        SystemdCgroup = ${traits.cgroupDriver === 'systemd'}
`;
}

const unit = `[Unit]
Description=Ampoule container runtime
After=network.target

[Service]
Environment=PATH=${paths.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=${paths.bin}/containerd --config ${paths.containerdConfig}
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=1
LimitNOFILE=1048576
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;
