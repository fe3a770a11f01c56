import { randomOf } from './random.ts';

type Random = () => number;

/** Lines of JSON and of what is nearly JSON, with all that a scanner may get wrong; the same for the same seed. */
export function makeOddLines(count: number, seed: number): Buffer {
  const random = randomOf(seed);
  let shape = shapeOf(random);
  const lines = Array.from({ length: count }, () => {
    // Many are built like the one before.
    if (random() < 0.5) shape = shapeOf(random);
    return Buffer.concat([damaged(Buffer.from(line(shape, random)), random), Buffer.from(ending(random))]);
  });
  return Buffer.concat(lines);
}

function pick<Item>(random: Random, items: readonly [Item, ...Item[]]): Item {
  return items[Math.floor(random() * items.length)] ?? items[0];
}

function ending(random: Random): string {
  return random() < 0.9 ? '\n' : pick(random, ['\r\n', ' \n', '\n\n', '\n \t\r\n']);
}

/** One in ten lines is cut off, or has a byte that is another one. */
function damaged(bytes: Buffer, random: Random): Buffer {
  const at = Math.floor(random() * bytes.length);
  const kind = random();
  if (kind < 0.03) return bytes.subarray(0, at);
  if (kind < 0.1) bytes[at] = pick(random, [0, 9, 10, 31, 32, 34, 44, 46, 48, 58, 92, 93, 101, 123, 125, 127]);
  return bytes;
}

/** The members of an object, each with what makes its value, and what stands between them. */
interface Shape {
  members: [name: string, value: (random: Random) => string][];
  comma: string;
  colon: string;
}

function shapeOf(random: Random): Shape {
  const odd = (each: Random) => value(each, 1);
  const member = (plain: string, usual: (random: Random) => string): Shape['members'] =>
    random() < 0.95 ? [[name(plain, random), random() < 0.9 ? usual : odd]] : [];
  const others = Array.from({ length: Math.floor(random() * 4) }, (): Shape['members'][number] => {
    // The same each time, or another one of another form.
    const text = value(random, 0);
    return [name(otherName(random), random), random() < 0.7 ? () => text : odd];
  });
  const members = [...member('device', text), ...member('ts', time), ...member('value', number), ...others].sort(() => random() - 0.5);
  const [comma, colon] = random() < 0.7 ? [',', ':'] : pick(random, [[', ', ': '] as const, [',  ', '\t: '] as const]);
  return { members, comma, colon };
}

function line({ members, comma, colon }: Shape, random: Random): string {
  if (random() < 0.05)
    return pick(random, ['null', '[]', '5', '"text"', '{}', '[1,2', '{"a":1,}', '{"a" : 1}', ' {"a":1}', 'nonsense', '']);
  return `{${members.map(([each, make]) => `${each}${colon}${make(random)}`).join(comma)}${closing('}', random)}`;
}

/** A bracket, or now and then one that does not fit. */
function closing(right: ']' | '}', random: Random): string {
  return random() < 0.98 ? right : pick(random, [']', '}', '']);
}

function otherName(random: Random): string {
  const names = [
    'devic',
    'devices',
    'device',
    'Device',
    't',
    'tss',
    'ts',
    'value',
    'valu',
    'values',
    '',
    'ключ',
    '__proto__',
    'ß',
  ] as const;
  return random() < 0.9 ? pick(random, names) : 'x'.repeat(Math.floor(random() * 50));
}

/** A name in quotes, some with an escape that stands for one of its letters. */
function name(plain: string, random: Random): string {
  if (plain === '' || random() < 0.95) return JSON.stringify(plain);
  const [first = '', ...rest] = plain;
  return `"\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}${rest.join('')}"`;
}

function text(random: Random): string {
  const plain = ['a', 'pump-1', 'pump-2', 'pump-10', '', 'Köln', '東京', '😀', 'abcdefghijklmnopqrstuvwxyz', '!" \\'] as const;
  if (random() < 0.1) return JSON.stringify('y'.repeat(Math.floor(random() * 40)));
  const raw = ['"\\ud83d\\ude00"', '"pump\\u002d1"', '"\\q"', '"\\u12"', '"a\tb"', '"{\\"value\\":1}"', '"\x7f\u0080"'] as const;
  return random() < 0.8 ? JSON.stringify(pick(random, plain)) : pick(random, raw);
}

function time(random: Random): string {
  return random() < 0.9
    ? String(Math.floor(random() * 240_000))
    : pick(random, ['-1', '60000.5', '1767225600123', '1e5', '8.64e15', '8640000000000001', '-60000', '0.0']);
}

function number(random: Random): string {
  const odd = [
    '-0',
    '0',
    '1e3',
    '1E-7',
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    '1e999',
    '0.1',
    '123456789012345',
    '9007199254740993',
    '-1.5e+2',
  ] as const;
  const long = ['0.30000000000000004', '12345678901234567890', '0.000000000000001', '1234567890.12345', '99999999.9999999'] as const;
  const kind = random();
  if (kind < 0.7) return String(Math.round((random() - 0.5) * 1e6) / 10 ** Math.floor(random() * 5));
  return kind < 0.85 ? pick(random, odd) : pick(random, long);
}

function value(random: Random, depth: number): string {
  const kind = random();
  if (kind < 0.3) return text(random);
  if (kind < 0.6) return number(random);
  if (kind < 0.75) return pick(random, ['true', 'false', 'null', 'tru', 'nul', 'falsy', 'True', 'NaN']);
  if (depth > 3) return random() < 0.5 ? '[]' : `${'['.repeat(40)}1${']'.repeat(40)}`;
  const items = Array.from({ length: Math.floor(random() * 3) }, () => value(random, depth + 1));
  if (kind < 0.88) return `[${items.join(',')}${closing(']', random)}`;
  return `{${items.map((item) => `${name(otherName(random), random)}:${item}`).join(',')}${closing('}', random)}`;
}
