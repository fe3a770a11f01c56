import { expect, it } from 'vitest';
import { countText } from './uninstall.ts';

it('counts what was removed by its kind, in words', () => {
  const files = ['/a', '/b'].map((name) => ({ kind: 'file' as const, name }));
  expect(countText([{ kind: 'process', name: 'pause' }, ...files, { kind: 'process', name: 'etcd' }])).toBe(
    '2 processes, 2 files and folders',
  );
  expect(countText([{ kind: 'setting', name: 'x=1' }])).toBe('1 kernel setting');
  expect(countText([])).toBe('nothing');
});
