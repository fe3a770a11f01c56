import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { buildComponent } from '../build/component.ts';
import type { Component } from '../definition.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { quiet, writeTinyRepository } from '../testing/tiny-repository.ts';

const mirror: Component = {
  source: { kind: 'maven-mirror', lock: 'packages/lock.json', folder: 'srv/maven' },
  compression: 'zstd',
  links: {},
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
/** Maven's own plugins come over the network; this one lays out what it would have fetched. */
const MAVEN = `#!/bin/sh
for each; do case $each in -DoutputDirectory=*) to=\${each#*=} ;; esac; done
for name in words letters; do
  mkdir -p "$to/com/example/$name/1.0"
  printf "$name" > "$to/com/example/$name/1.0/$name-1.0.jar"
  echo more > "$to/com/example/$name/maven-metadata-local.xml"
done
`;

beforeEach(async () => {
  const programs = await temporaryFolder();
  await mkdir(programs, { recursive: true });
  await writeFile(join(programs, 'mvn'), MAVEN);
  await chmod(join(programs, 'mvn'), 0o755);
  vi.stubEnv('PATH', `${programs}${delimiter}${process.env.PATH}`);
});
afterEach(() => vi.unstubAllEnvs());

async function build(lettersDigest: string) {
  const repository = await temporaryFolder();
  const lock = {
    'com.example:letters': { version: '1.0', sha256: lettersDigest, needs: [] },
    'com.example:words': { version: '1.0', sha256: sha256('words'), needs: ['com.example:letters'] },
  };
  await writeTinyRepository(repository, { 'packages/lock.json': JSON.stringify(lock), 'packages/pom.xml': '<project/>' });
  return buildComponent('mirror', mirror, { repository, architecture: 'amd64', progress: quiet });
}

it('holds every jar of a lock as a repository of Maven does, and an index of what needs what', async () => {
  const { entries, origins } = await build(sha256('letters'));

  expect(entries.map(({ path }) => path)).toEqual([
    'srv/maven/index.json',
    'srv/maven/com/example/letters/1.0/letters-1.0.jar',
    'srv/maven/com/example/words/1.0/words-1.0.jar',
  ]);
  const [index] = entries;
  expect(JSON.parse(index !== undefined && 'content' in index ? index.content.toString() : '')).toEqual({
    'com.example:letters': { version: '1.0', needs: [] },
    'com.example:words': { version: '1.0', needs: ['com.example:letters'] },
  });
  expect(origins).toMatchObject([{ purl: 'pkg:maven/com.example/letters@1.0', sha256: sha256('letters') }, { name: 'com.example:words' }]);
});

it('stops where a jar is not what the lock pins, and names the component', async () => {
  await expect(build('0'.repeat(64))).rejects.toMatchObject({
    code: 'AMP_BUNDLE_PIN',
    what: 'A package of mirror has another digest than its pin',
  });
});
