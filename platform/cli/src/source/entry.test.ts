import { describe, expect, it } from 'vitest';
import { entryFileOf, handlerOf } from './entry.ts';

describe('the file in which a function begins', () => {
  it.each([
    [['greet.py'], 'greet.py'],
    [['lib/a.js', 'one.ts', 'data.json'], 'one.ts'],
    [['other.js', 'main.js', 'index.js'], 'main.js'],
    [['Handler.java', 'Other.java'], 'Handler.java'],
    [['a.js', 'b.js'], undefined],
    [['notes.txt'], undefined],
  ])('of %j is %s', (files, expected) => {
    expect(entryFileOf(files)).toBe(expected);
  });
});

describe('the handler', () => {
  it.each([
    ['main.js', 'exports.handler = () => 1;', 'main:handler'],
    ['main.js', 'exports.initContext = () => 1;\nexports.greet = () => 1;', 'main:greet'],
    ['main.mjs', 'export async function greet() {}', 'main.mjs:greet'],
    ['main.ts', 'export const a = 1;\nexport const b = 2;', 'main.ts:handler'],
    ['main.py', 'def init_context(context):\n  pass\ndef greet(context, event):\n  pass', 'main:greet'],
    ['main.py', 'def helper(x):\n  pass', 'main:handler'],
    ['run.sh', 'wc', 'run.sh'],
    ['Hello.java', 'public class Hello implements EventHandler {}', 'Hello'],
    ['Hello.java', '// One\npackage com.example;\npublic class Hello {}', 'com.example.Hello'],
  ])('of %s with %j is %s', (file, code, expected) => {
    expect(handlerOf(file, code)).toBe(expected);
  });
});
