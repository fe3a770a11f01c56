import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Host, PROGRAM_ABSENT } from '../host/host.ts';
import { fail, type Outcome, pass, warn } from './model.ts';

/** Makes an overlay mount on a folder's file system, in a mount namespace of its own that ends with the probe. */
export async function probeOverlay(host: Host, folder: string): Promise<Outcome> {
  const scratch = await mkdtemp(join(host.at(folder), '.ampoule-preflight-'));
  try {
    const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(scratch, name)) as [
      string,
      string,
      string,
      string,
    ];
    await Promise.all([lower, upper, work, merged].map((path) => mkdir(path)));
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    const { code, stderr } = await host.run('unshare', ['--mount', '--', 'mount', '-t', 'overlay', '-o', options, 'overlay', merged]);
    if (code === 0) return pass(`works in ${folder}`);
    if (code === PROGRAM_ABSENT) return warn('not tried, unshare is not there', 'Install util-linux to have it tried.');
    return fail(
      `${folder}: ${stderr.trim()}`,
      'Mount a local ext4 or XFS file system there; a host nested in a container cannot stack overlay on overlay.',
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
