import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';

// Writes kafka.lock.json anew from pom.xml, by Maven: `node airgap-tests/brokers/kafka/lock.ts`.

const folder = await mkdtemp(join(tmpdir(), 'ampoule-lock-'));
try {
  const list = join(folder, 'list.txt');
  const pom = join(import.meta.dirname, 'pom.xml');
  const options = ['-DincludeScope=runtime', '-DoutputAbsoluteArtifactFilename=true', `-DoutputFile=${list}`];
  await exec('mvn', ['--batch-mode', '--quiet', '--file', pom, 'dependency:list', ...options]);
  const files = [...(await readFile(list, 'utf8')).matchAll(/^ +([^:\s]+):([^:\s]+):jar:([^:\s]+):\w+:(\S+\.jar)/gm)];
  const jars = await Promise.all(
    files.map(async ([, group = '', name = '', version = '', file = '']) => ({
      path: `${group.replaceAll('.', '/')}/${name}/${version}/${name}-${version}.jar`,
      sha256: createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    })),
  );
  jars.sort((a, b) => (a.path < b.path ? -1 : 1));
  const version = /kafka_2\.13:jar:([^:]+)/.exec(await readFile(list, 'utf8'))?.[1];
  await writeFile(join(import.meta.dirname, 'kafka.lock.json'), `${JSON.stringify({ version, jars }, undefined, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
