import { functionSpecSchema } from '@ampoule/platform-api/function';
import { expect, it } from 'vitest';
import { commandsOf } from './plan.ts';

const plan = (spec: object, files: Record<string, string>) =>
  commandsOf(
    { spec: functionSpecSchema.parse({ runtime: 'nodejs', ...spec }) },
    Object.entries(files).map(([path, content]) => ({ path: `opt/nuclio/${path}`, content })),
  );
const PIP = ['pip', 'install', '--target', '.', '--requirement', 'requirements.txt'];
const wanting = JSON.stringify({ dependencies: { lodash: '4' } });

it.each([
  ['nothing for code alone', {}, { 'main.js': '' }, []],
  ['an install for a package.json that wants packages', {}, { 'package.json': wanting }, [['npm', 'install', '--omit=dev']]],
  ['exactly what a lockfile says', {}, { 'package.json': wanting, 'package-lock.json': '{}' }, [['npm', 'ci', '--omit=dev']]],
  ['nothing where the packages came along', {}, { 'package.json': wanting, 'node_modules/lodash/index.js': '' }, []],
  ['nothing where only development wants packages', {}, { 'package.json': '{"devDependencies":{"a":"1"}}' }, []],
  ['nothing for a package.json of a folder below', {}, { 'lib/package.json': wanting }, []],
  ['an install where package.json is broken, since npm says why', {}, { 'package.json': '{' }, [['npm', 'install', '--omit=dev']]],
  [
    'commands of its owner after that',
    { build: { commands: ['@nuclio.postCopy', 'npm run build'] } },
    { 'package.json': wanting },
    [
      ['npm', 'install', '--omit=dev'],
      ['sh', '-c', 'npm run build'],
    ],
  ],
  ['an install beside the code for a requirements.txt', { runtime: 'python:3.11' }, { 'requirements.txt': 'requests\n' }, [PIP]],
  ['nothing for a requirements.txt without requirements', { runtime: 'python' }, { 'requirements.txt': '# none\n\n' }, []],
  ['nothing where they came along', { runtime: 'python' }, { 'requirements.txt': 'a', 'a-1.dist-info/RECORD': '' }, []],
  ['commands for Python', { runtime: 'python', build: { commands: ['make'] } }, {}, [['sh', '-c', 'make']]],
  ['nothing for another runtime', { runtime: 'python:3.11' }, { 'package.json': wanting }, []],
])('runs %s', (_, spec, files, commands) => {
  expect(plan(spec, files)).toEqual(commands);
});

it('refuses commands where there is nothing to run them with', () => {
  expect(() => plan({ runtime: 'shell', build: { commands: ['make'] } }, {})).toThrow(/cannot be run for runtime shell/);
});
