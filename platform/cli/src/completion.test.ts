import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { expect, it } from 'vitest';
import { folderWith, runCli } from './testing/cli.ts';

/** Has bash complete the last word; bash itself is the judge. */
async function completed(script: string, ...words: string[]): Promise<string[]> {
  const cursor = String(words.length - 1);
  const program = 'source "$1"; COMP_CWORD=$2; shift 2; COMP_WORDS=("$@"); _ampoule; declare -p COMPREPLY';
  const output = await exec('bash', ['-c', program, 'bash', script, cursor, ...words]);
  return [...output.matchAll(/\[\d+\]="([^"]*)"/g)].map(([, word = '']) => word);
}

it('completes commands, flags, choices and files in bash', async () => {
  const { code, stdout } = await runCli(['completion', 'bash']);
  const folder = await folderWith({ 'ampoule.bash': stdout, 'hello/main.js': '' });
  const script = join(folder, 'ampoule.bash');

  expect(code).toBe(0);
  expect(await completed(script, 'ampoule', 'fn', 'de')).toEqual(['deploy', 'delete']);
  expect(await completed(script, 'ampoule', '--json', 'fn', 'deploy', '--min')).toEqual(['--min-replicas']);
  expect(await completed(script, 'ampoule', 'fn', 'deploy', '--sca')).toEqual(['--scale-metric']);
  expect(await completed(script, 'ampoule', 'project', 'create', '--max')).toEqual(['--max-replicas']);
  expect(await completed(script, 'ampoule', 'fn', 'deploy', '--server')).toEqual(['--server']);
  expect(await completed(script, 'ampoule', 'get', 'fn', '--out')).toEqual(['--output']);
  expect(await completed(script, 'ampoule', 'project', '')).toEqual(['create', 'get', 'delete', 'export', 'import']);
  expect(await completed(script, 'ampoule', 'completion', 'z')).toEqual(['zsh']);
  expect(await completed(script, 'ampoule', 'fn', 'deploy', `${folder}/he`)).toEqual([`${folder}/hello`]);
});

it.each([
  ['zsh', /^autoload .*compinit\n[\s\S]*\ncomplete -o filenames -F _ampoule ampoule\n$/],
  ['fish', /\ncomplete -c ampoule -f -n '_ampoule_at "fn" ".*deploy.*"' -a deploy -d '.+'\n/],
])('has a script for %s', async (shell, expected) => {
  expect((await runCli(['completion', shell])).stdout).toMatch(expected);
});

it('knows no other shells', async () => {
  expect((await runCli(['completion', 'csh'])).code).toBe(1);
});
