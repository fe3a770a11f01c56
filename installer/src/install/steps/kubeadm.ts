import { tryExec } from '@ampoule/lib/exec';
import type { Host } from '../../host/host.ts';
import { listHostProcesses } from '../../host/processes.ts';
import { paths } from '../../paths.ts';
import { installError } from '../errors.ts';
import type { StepProgress } from '../step.ts';

const KUBEADM = `${paths.bin}/kubeadm`;
const TIMEOUT_MS = 300_000;

/** Runs kubeadm with the configuration of this host, and tells its phases. @throws AMP_NOT_READY */
export async function runKubeadm(args: readonly string[], progress: StepProgress): Promise<void> {
  const result = await tryExec(KUBEADM, [...args, '--config', paths.kubeadmConfig], {
    env: { PATH: `${paths.bin}:${process.env.PATH}` },
    timeoutMs: TIMEOUT_MS,
    onOutput: (text) => {
      const phase = /^\[([a-z-]+)\]/m.exec(text)?.[1];
      if (phase !== undefined) progress(phase);
    },
  });
  if (result.code === 0) return;
  throw installError('AMP_NOT_READY', {
    what: 'kubeadm could not bring up the control plane',
    why: (result.stderr || result.stdout).trim().split('\n').slice(-15).join('\n'),
    fix: 'Look at "journalctl -u kubelet" and /var/log/pods, then run "ampoule install" again.',
  });
}

/** A kubeadm whose installer was killed goes on by itself; two at once would write the same files. */
export async function stopOrphans(host: Host): Promise<void> {
  const orphans = (await listHostProcesses(host)).filter(({ command }) => command[0] === KUBEADM);
  for (const { pid } of orphans) host.live.signal(pid, 'SIGKILL');
}
