import { paths } from '../../paths.ts';
import { removeCgroups } from '../../uninstall/cgroups.ts';
import { removeFile, removeFolder } from '../../uninstall/files.ts';
import type { UndoContext } from '../../uninstall/model.ts';
import { removeMounts } from '../../uninstall/mounts.ts';
import { removeInterfaces, removeNftTables, removeRoutes } from '../../uninstall/network.ts';
import { endPods, endProgram } from '../../uninstall/processes.ts';
import { removeService } from '../../uninstall/services.ts';

// Preflight found these empty, so all that they hold came with the appliance.
const folders = [
  paths.kubernetes,
  paths.kubelet,
  paths.etcd,
  '/var/log/pods',
  '/var/log/containers',
  '/run/flannel',
  '/usr/libexec/kubernetes/kubelet-plugins',
];

/** Takes the cluster away: its pods with all that they have set up on the host, and its data. */
export async function undoKubernetes(context: UndoContext, { unit, files }: { unit: string; files: readonly string[] }): Promise<void> {
  // A kubeadm whose installer was killed would bring back what is removed here.
  await endProgram(context, 'kubeadm');
  // The kubelet before the pods, which it would start anew.
  await removeService(context, unit, 'kubelet');
  await endPods(context);
  await removeMounts(context, paths.kubelet);
  await removeNftTables(context);
  await removeRoutes(context);
  await removeInterfaces(context);
  await removeCgroups(context);
  for (const file of [...files, `${paths.cniConfig}/10-ampoule.conflist`]) await removeFile(context, file);
  if (!context.owned) return;
  for (const file of context.before.createdFiles) await removeFile(context, file);
  for (const folder of folders) await removeFolder(context, folder);
}
