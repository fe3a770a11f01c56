import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith, startCli, startWithDashboard } from '../testing/cli.ts';

const templates = join(import.meta.dirname, '../../../templates');

it('lists templates, and begins a function from one that runs at once', async () => {
  const { cli } = await startWithDashboard(templates);
  const folder = join(await folderWith(), 'mine');

  expect((await cli('template', 'list', 'hello')).stdout).toMatch(
    /^TEMPLATE +RUNTIME +DESCRIPTION\nhello:java +java +Says hello.*\nhello:nodejs +nodejs +Says hello.*\n/,
  );
  expect((await cli('template', 'show', 'hello:python')).stdout).toMatch(/runtime: python\n[\s\S]*\ndef handler\(context, event\):/);
  expect((await cli('template', 'new', 'hello:nodejs', folder)).code).toBe(0);
  expect((await readdir(folder)).sort()).toEqual(['function.yaml', 'main.js']);

  const running = startCli(['fn', 'run', folder, '--port', '0']);
  const [, url = ''] = await running.seen(/answers at (\S+)/);
  expect(await (await fetch(url, { method: 'POST', body: 'you' })).text()).toBe('Hello, you!');
});

it('fills in values, and overwrites nothing', async () => {
  const source = { 'greet/function.yaml.template': 'metadata: {name: "{{ .name }}"}\nspec: {runtime: nodejs, handler: "main:handler"}' };
  const { cli } = await startWithDashboard(await folderWith({ ...source, 'greet/function.yaml.values': 'name: x' }));

  expect((await cli('template', 'show', 'greet', '--set', 'name=mine')).stdout).toContain('name: mine');
  const full = await folderWith({ 'main.js': '' });
  expect(await cli('template', 'new', 'greet', full)).toMatchObject({ code: 1, stderr: expect.stringContaining('AMP_CLI_FILE') });
  expect((await cli('template', 'show', 'none')).stderr).toContain('Use one of: greet.');
});
