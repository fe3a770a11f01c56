import { listCertificates } from '../certs/list.ts';
import type { Host } from '../host/host.ts';
import { paths } from '../paths.ts';
import { type ComponentStatus, ill, well } from './model.ts';

/** When the next certificate expires. */
export async function certificateStatus(host: Host): Promise<ComponentStatus> {
  const unreadable: string[] = [];
  const all = await listCertificates({
    pki: host.at(paths.pki),
    kubernetes: host.at(paths.kubernetes),
    kubelet: host.at(paths.kubelet),
    now: host.live.now(),
    onUnreadable: (file, why) => unreadable.push(`${file} cannot be read: ${why}`),
  });
  const [next] = all;
  if (next === undefined) return ill('certificates', 'none', [`no certificate in ${paths.pki}`, ...unreadable]);
  const bad = all.filter(({ status }) => status !== 'ok').map(({ name, status, daysLeft }) => `${name}: ${status}, ${daysLeft} days left`);
  const detail = `${all.length}, the next expires in ${next.daysLeft} days`;
  return bad.length + unreadable.length === 0 ? well('certificates', detail) : ill('certificates', detail, [...bad, ...unreadable]);
}
