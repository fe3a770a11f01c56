import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@ampoule/lib/errors';
import { exec } from '@ampoule/lib/exec';
import { labError } from './errors.ts';
import { rootfsCache } from './paths.ts';

const ARCHIVE = 'http://archive.ubuntu.com/ubuntu';
// Debian has no package of Ubuntu's keys; the digest stands for the trust in them.
const KEYRING = {
  path: 'pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb',
  sha256: '36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8',
};
const TIMEOUT_MS = 60_000;

/** The lines of sources.list for a release of Ubuntu. @throws AMP_LAB_MIRROR */
export async function ubuntuSources(release: string): Promise<string[]> {
  const keyring = await ubuntuKeyring();
  return ['', '-updates'].map((pocket) => `deb [signed-by=${keyring}] ${ARCHIVE} ${release}${pocket} main`);
}

/** The file that holds the keys of Ubuntu's archive; fetched on first use. */
async function ubuntuKeyring(): Promise<string> {
  const kept = join(rootfsCache, `ubuntu-keyring-${KEYRING.sha256.slice(0, 16)}.gpg`);
  if ((await readFile(kept).catch(() => undefined)) !== undefined) return kept;
  const archive = await download(`${ARCHIVE}/${KEYRING.path}`);
  const digest = createHash('sha256').update(archive).digest('hex');
  if (digest !== KEYRING.sha256) throw unusable(`${KEYRING.path} has the SHA-256 ${digest}, and ${KEYRING.sha256} is expected`);
  await mkdir(rootfsCache, { recursive: true });
  const folder = await mkdtemp(join(rootfsCache, '.keyring-'));
  try {
    const file = join(folder, 'keyring.deb');
    await writeFile(file, archive);
    await exec('dpkg-deb', ['--extract', file, folder], { timeoutMs: TIMEOUT_MS });
    await rename(join(folder, 'usr/share/keyrings/ubuntu-archive-keyring.gpg'), kept);
  } finally {
    await rm(folder, { recursive: true });
  }
  return kept;
}

async function download(url: string): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw unusable(`${url}: ${messageOf(error)}`);
  }
}

function unusable(why: string): Error {
  return labError('AMP_LAB_MIRROR', {
    what: 'The keys of the Ubuntu archive cannot be had',
    why,
    fix: 'Let this machine reach the Ubuntu archive, then run the command again.',
  });
}
