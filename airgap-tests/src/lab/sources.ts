import { readFile } from 'node:fs/promises';
import { exec } from '@ampoule/lib/exec';
import { labError } from './errors.ts';
import { ubuntuSources } from './ubuntu.ts';

/** Debian 12 and 13, Ubuntu 24.04. */
export type Distribution = 'bookworm' | 'trixie' | 'noble';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The lines of sources.list for a distribution, with the mirror that apt on this machine uses. @throws AMP_LAB_MIRROR */
export async function aptSources(distribution: Distribution): Promise<string[]> {
  if (distribution === 'noble') return ubuntuSources(distribution);
  const targets = await exec(
    'apt-get',
    ['indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)', 'Created-By: Packages'],
    {
      timeoutMs: 30_000,
    },
  );
  const own = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? '';
  const lines = targets.split('\n').flatMap((line) => sourceLine(line, own, distribution));
  if (lines.length > 0) return [...new Set(lines)];
  throw labError('AMP_LAB_MIRROR', {
    what: `apt has no Debian archive to take ${distribution} from`,
    fix: 'Add the Debian archive (component main) to /etc/apt/sources.list, run `apt-get update`, then try again.',
  });
}

/** Options that hand apt's proxy settings of this machine on to another root. */
export async function aptProxyOptions(): Promise<string[]> {
  const settings = await exec('apt-config', ['dump', '--format', '%f "%v";%n', 'Acquire::http', 'Acquire::https'], { timeoutMs: 30_000 });
  return settings
    .split('\n')
    .filter((line) => /^Acquire::https?::Proxy\S* "./i.test(line))
    .map((line) => `--aptopt=${line}`);
}

// Third-party archives are told apart by suite, component, origin and, in the end, by the key of the archive.
function sourceLine(target: string, own: string, distribution: Distribution): string[] {
  const [uri, release = '', component, origin = ''] = target.split(' ');
  const pocket = release.startsWith(own) ? release.slice(own.length) : release.replace(/^(old)?stable/, '');
  if (own === '' || component !== 'main' || !['', '-updates', '-security'].includes(pocket)) return [];
  if (origin !== 'Debian' && !origin.startsWith('$(')) return [];
  return [`deb [signed-by=${KEYRING}] ${uri} ${distribution}${pocket} main`];
}
