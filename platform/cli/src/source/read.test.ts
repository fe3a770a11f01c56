import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../testing/cli.ts';
import { readSource } from './read.ts';

const configured = (mark: string) =>
  [`${mark} @nuclio.configure`, mark, `${mark} function.yaml:`, `${mark}   spec:`, `${mark}     minReplicas: 2`, ''].join('\n');

describe('a function on the disk', () => {
  it('can be one file of a folder with others', async () => {
    const folder = await folderWith({
      'one.py': 'def go(context, event): pass',
      'two.py': '',
      'function.yaml': '{metadata: {name: other}}',
    });
    expect(await readSource(join(folder, 'one.py'))).toMatchObject({
      folder,
      files: ['one.py'],
      draft: { metadata: { name: 'one' }, spec: { runtime: 'python', handler: 'one:go' } },
    });
  });

  it('has what function.yaml says, and the rest from its files', async () => {
    const folder = await folderWith({
      'function.yaml': 'apiVersion: nuclio.io/v1beta1\nmetadata: {name: a}\nspec: {runtime: "python:3.11"}',
      'main.py': '',
      'README.md': '',
      '.git/config': '',
    });
    expect(await readSource(folder)).toEqual({
      folder,
      files: ['main.py'],
      entry: 'main.py',
      draft: { metadata: { name: 'a' }, spec: { runtime: 'python:3.11', handler: 'main:handler' } },
    });
  });

  it.each([
    ['main.py', '#'],
    ['main.js', '//'],
  ])('can have its configuration in comments of %s', async (file, mark) => {
    const folder = await folderWith({ [file]: `${configured(mark)}\nexports.x = 1` });
    expect((await readSource(folder)).draft.spec).toMatchObject({ minReplicas: 2 });
  });

  it('says which configuration is wrong', async () => {
    const broken = await folderWith({ 'main.py': '# @nuclio.configure\n# function.yaml: [' });
    await expect(readSource(broken)).rejects.toMatchObject({ code: 'AMP_INPUT_INVALID', what: expect.stringContaining('main.py') });
    const wrong = await folderWith({ 'function.yaml': 'spec: {runtime: 3}' });
    await expect(readSource(wrong)).rejects.toMatchObject({ code: 'AMP_INPUT_INVALID', why: expect.stringContaining('spec.runtime') });
  });
});
