import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeKeyPair } from './signing/key-files.ts';
import { generateKeyPair } from './signing/keys.ts';

/** A key for bundles that go to nobody's site, made once below the cache. */
export async function trialKey(repository: string): Promise<string> {
  const privateKeyFile = join(repository, '.cache/keys/trial.key');
  const exists = await access(privateKeyFile).then(
    () => true,
    () => false,
  );
  if (exists) return privateKeyFile;
  await mkdir(dirname(privateKeyFile), { recursive: true });
  await writeKeyPair(await generateKeyPair(), { privateKeyFile, publicKeyFile: `${privateKeyFile}.pub` });
  return privateKeyFile;
}
