import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDERS: Record<string, string> = { '@ampoule/lib': 'lib/src', '@ampoule/platform-api': 'platform/api/src' };

/** The packages that a file and all files that it imports take from elsewhere. */
function packagesOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const names = [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type ).*? ?from '([^']+)';$/gms)].map(
    (match) => match[1] ?? '',
  );
  return names.flatMap((name) => {
    if (name.startsWith('.')) return packagesOf(join(dirname(file), name), seen);
    const own = Object.keys(FOLDERS).find((prefix) => name.startsWith(`${prefix}/`));
    if (own === undefined) return [name];
    return packagesOf(join(ROOT, FOLDERS[own] ?? '', `${name.slice(own.length + 1)}.ts`), seen);
  });
}

it.each([
  [
    'the processor takes nothing from elsewhere but zod until it listens',
    ['main.ts', 'serve.ts', 'triggers/http/http.ts'],
    ['zod/mini', 'zod/v4/locales/en.js'],
  ],
  ['a thread of it takes nothing from elsewhere', ['runtime/javascript/thread.ts'], []],
])('%s: every package makes its start slower', (_, files, expected) => {
  const packages = files.flatMap((file) => packagesOf(join(import.meta.dirname, file)));
  expect([...new Set(packages)].filter((name) => !name.startsWith('node:')).sort()).toEqual(expected);
});
