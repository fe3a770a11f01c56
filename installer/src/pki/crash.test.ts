import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ensurePki } from './ensure.ts';
import { opensslVerify, optionsFor, temporaryFolder } from './testing.ts';

const script = `
import { ensurePki } from ${JSON.stringify(import.meta.resolve('./ensure.ts'))};
const { directory, config, bundleCreatedAt, now } = JSON.parse(process.argv[1]);
process.stdout.write('go');
await ensurePki({ directory, config, bundleCreatedAt: new Date(bundleCreatedAt), now: new Date(now) });
`;

it.each([50, 250, 450, 650, 850])('converges after being killed %i ms into its work', async (afterMs) => {
  const options = optionsFor(join(await temporaryFolder(), 'pki'));
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  await delay(afterMs);
  child.kill('SIGKILL');
  await ended;
  const pki = await ensurePki(options);
  for (const { certificate } of [pki.root, ...Object.values(pki.authorities), ...Object.values(pki.servers)]) {
    expect(await opensslVerify(pki.trust, certificate)).toMatchObject({ code: 0 });
  }
  await ensurePki(options);
  expect((await readdir(options.directory)).filter((name) => !name.startsWith('.'))).toHaveLength(19);
});
