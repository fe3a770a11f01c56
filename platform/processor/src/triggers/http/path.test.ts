import { describe, expect, it } from 'vitest';
import { otherPathOf } from './path.ts';

describe('the path of a request', () => {
  // What fasthttp's normalizePath makes of them.
  it.each([
    ['/a%20b', '/a b'],
    ['/a%2Fb%2fc', '/a/b/c'],
    ['/%C3%A4?x=%20', '/ä'],
    ['/a+b%2B', '/a+b+'],
    ['/%2525', '/%25'],
    ['/%00', '/\0'],
    ['/%ff', '/\ufffd'],
    ['/%zz%41%4', '/%zzA%4'],
    ['//a///b//', '/a/b/'],
    ['/a/./b/.', '/a/b/.'],
    ['/a/b/../c', '/a/c'],
    ['/a/b/..', '/a/'],
    ['/%2e%2e/%2e%2e/etc', '/etc'],
    ['/..', '/'],
    ['/../..//', '/'],
    ['/a/..?b', '/'],
  ])('%s is %s', (target, path) => expect(otherPathOf(target)).toBe(path));

  it.each(['/', '/a/b', '/a?x=%20', '/a?b=//c/../d', '/100%', '/.well-known/a', '/a/...', '/a/.b'])('%s is what stands there', (target) =>
    expect(otherPathOf(target)).toBeUndefined(),
  );
});
