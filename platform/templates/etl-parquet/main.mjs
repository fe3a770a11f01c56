// Takes a line of JSON for each reading: { "device": "pump-7", "ts": 1767225600123, "value": 21.5, ... }, ts in milliseconds since 1970.
// They are the body, or a file in the volume, whose path there is the header x-file. WebAssembly, which this file puts together at its end,
// checks and aggregates most lines without an object for each. A line for which that is not certain goes to JSON.parse.
import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';

const FIELDS = { key: 'device', time: 'ts', value: 'value' };
const VOLUME = process.env.VOLUME ?? '/data';
const MINUTE_MS = 60_000;
/** The last moment that a Date can hold. */
const LATEST_MS = 8.64e15;

export function handler(context, event) {
  const name = event.getHeader('x-file');
  if (name === undefined) return answer(context, aggregate(piecesOf(event.body)));
  const path = pathInVolume(name);
  if (path === undefined) return new context.Response(`The volume has no file ${name}\n`, {}, 'text/plain', 404);
  const file = openSync(path);
  try {
    return answer(
      context,
      aggregate((target, at, length) => readSync(file, target, at, length)),
    );
  } finally {
    closeSync(file);
  }
}

/** Where a file of the volume lies; undefined where there is none, or where `..` or a link leads out of the volume. */
function pathInVolume(name) {
  try {
    const path = realpathSync(join(VOLUME, name));
    return path.startsWith(`${realpathSync(VOLUME)}/`) && statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

function answer(context, { rows, ...counts }) {
  const column = (name, type, cell, options) => ({ name, type, nullable: false, data: rows.map(cell), ...options });
  // Keys come again each minute, numbers hardly ever; the package need not find that out.
  const repeated = { encoding: 'RLE_DICTIONARY' };
  const various = { encoding: 'PLAIN', codec: 'UNCOMPRESSED' };
  const file = parquetWriteBuffer({
    columnData: [
      column(FIELDS.key, 'STRING', (row) => row.key, repeated),
      column('minute', 'TIMESTAMP', (row) => new Date(row.minute * MINUTE_MS)),
      column('count', 'INT64', (row) => BigInt(row.count), various),
      column('sum', 'DOUBLE', (row) => row.sum, various),
      column('min', 'DOUBLE', (row) => row.min, various),
      column('max', 'DOUBLE', (row) => row.max, various),
    ],
    kvMetadata: Object.entries(counts).map(([key, count]) => ({ key, value: String(count) })),
  });
  const headers = Object.fromEntries(Object.entries(counts).map(([name, count]) => [`x-lines-${name}`, count]));
  return new context.Response(Buffer.from(file), headers, 'application/vnd.apache.parquet');
}

export function piecesOf(body) {
  let read = 0;
  return (target, at, length) => {
    const copied = body.copy(target, at, read, read + length);
    read += copied;
    return copied;
  };
}

/**
 * The groups of lines, in the order in which they come first; and how many lines were aggregated, how many lacked a field or had one
 * of another type, how many were no JSON, and how many of all these JSON.parse had to read. Blank lines do not count.
 * `read` puts the next bytes, `length` at most, into a buffer at `at` and gives how many they were; 0 where there are no more.
 */
export function aggregate(read) {
  const counts = { malformed: 0, parsed: 0 };
  clearGroups();
  /** How many bytes of a line that is not whole lie in memory. */
  let kept = 0;
  for (let isOver = false; !isOver; ) {
    if (kept === room()) growLines();
    const length = read(bytes, PIECE + kept, room() - kept);
    let end = PIECE + kept + length;
    isOver = length === 0;
    if (isOver) bytes[end++] = NEWLINE;
    const whole = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
    if (whole > PIECE) scanLines(whole, counts);
    kept = Math.min(end - whole, end - PIECE);
    bytes.copyWithin(PIECE, end - kept, end);
  }
  return { rows: rows(), aggregated: wasm.aggregated.value, incomplete: wasm.incomplete.value, ...counts };
}

/** Aggregates the lines from the start of the piece to `end`. */
function scanLines(end, counts) {
  reserveGroups(end - PIECE);
  const isClean = isUtf8(bytes.subarray(PIECE, end));
  for (let at = PIECE; at < end; ) {
    const to = isClean ? end : bytes.indexOf(NEWLINE, at) + 1;
    at = isClean || isUtf8(bytes.subarray(at, to)) ? wasm.scan(at, to) : at;
    if (at === to) continue;
    const newline = bytes.indexOf(NEWLINE, at);
    parseLine(at, newline, counts);
    at = newline + 1;
  }
}

function parseLine(at, end, counts) {
  const line = bytes.subarray(at, end);
  // Of lines that are cut off this tells at a fraction of what an error costs.
  const isCutOff = bytes[at] === OPEN && bytes[end - 1] !== CLOSE && !SPACES.includes(bytes[end - 1]);
  if (isCutOff || !isUtf8(line)) {
    counts.malformed += 1;
    return;
  }
  const text = line.toString();
  if (/^[ \t\r]*$/.test(text)) return;
  counts.parsed += 1;
  try {
    const { [FIELDS.key]: key, [FIELDS.time]: time, [FIELDS.value]: value } = JSON.parse(text) ?? {};
    // A key has no more bytes than its line, whose place it takes.
    const length = typeof key === 'string' ? bytes.write(key, at) : 0;
    wasm.take(typeof key === 'string' ? at : NONE, length, numberOr(time), numberOr(value));
  } catch {
    counts.malformed += 1;
  }
}

function numberOr(value) {
  return typeof value === 'number' ? value : Number.NaN;
}

// Three memories, each of which grows alone. `lines` has tables, and a piece of the lines from PIECE on. `groups` has the groups one after the
// other: hash, length of the key, minute, count, sum, min, max, and the key, filled up with zeros. `slots` is a hash table with their places.
const KIB = 1024;
const NONE = 0;
/** Glues, which are explained below. */
const GLUE_BYTES = 128;
const GLUES_BYTES = 64 * GLUE_BYTES;
/** 32 times 0xff and 32 times 0, for masks. */
const MASKS = GLUES_BYTES;
/** Powers of ten. */
const POWERS = MASKS + 64;
const PIECE = 16 * KIB;
/** The scanner looks at some bytes behind a line. */
const MARGIN = KIB;
const GROUP = { hash: 0, length: 4, minute: 8, count: 16, sum: 24, min: 32, max: 40, key: 48 };
/** A line that makes a group has three names, two quotes for a key, two numbers and eight signs between them. */
const SHORTEST_LINE = 16;
const WASM_PAGE = 64 * KIB;

function room() {
  return bytes.length - MARGIN - PIECE;
}

function growLines() {
  wasm.lines.grow(bytes.length / WASM_PAGE);
  bytes = Buffer.from(wasm.lines.buffer);
}

function clearGroups() {
  new Uint8Array(wasm.slots.buffer).fill(0);
  // 0 is no place of a group.
  wasm.used.value = GROUP.key;
  wasm.aggregated.value = 0;
  wasm.incomplete.value = 0;
}

/** Makes room for the groups of so many bytes of lines. */
function reserveGroups(length) {
  const smallest = GROUP.key + 16;
  const needed = wasm.used.value + length + (length / SHORTEST_LINE) * smallest;
  const lacking = needed - wasm.groups.buffer.byteLength;
  if (lacking > 0) wasm.groups.grow(Math.ceil(lacking / WASM_PAGE));
  const most = wasm.used.value / smallest + length / SHORTEST_LINE;
  // At least half of the slots stay free.
  while (wasm.slots.buffer.byteLength < most * 2 * Int32Array.BYTES_PER_ELEMENT) growSlots();
}

function growSlots() {
  wasm.slots.grow(wasm.slots.buffer.byteLength / WASM_PAGE);
  const slots = new Int32Array(wasm.slots.buffer).fill(0);
  wasm.mask.value = wasm.slots.buffer.byteLength - Int32Array.BYTES_PER_ELEMENT;
  for (const { at, hash } of eachGroup()) {
    let slot = hash & (slots.length - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = at;
  }
}

function* eachGroup() {
  const view = new DataView(wasm.groups.buffer);
  for (let at = GROUP.key; at < wasm.used.value; ) {
    const length = view.getInt32(at + GROUP.length, true);
    yield { view, at, length, hash: view.getInt32(at + GROUP.hash, true) };
    at += GROUP.key + Math.max(1, Math.ceil(length / 16)) * 16;
  }
}

function rows() {
  const all = [];
  const text = Buffer.from(wasm.groups.buffer);
  for (const { view, at, length } of eachGroup()) {
    const [minute, count, sum, min, max] = ['minute', 'count', 'sum', 'min', 'max'].map((field) =>
      view.getFloat64(at + GROUP[field], true),
    );
    all.push({ key: text.toString('utf8', at + GROUP.key, at + GROUP.key + length), minute, count, sum, min, max });
  }
  return all;
}

const [NEWLINE, QUOTE, MINUS, DOT, ZERO, BACKSLASH, SMALL_E] = [...'\n"-.0\\e'].map((sign) => sign.charCodeAt(0));
const [COMMA, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [...',:{}[]'].map((sign) => sign.charCodeAt(0));
const SPACES = [...' \t\r'].map((sign) => sign.charCodeAt(0));
const [KEY, TIME, VALUE] = [1, 2, 3];
/** `true`, `null` and `fals`, as words of four bytes. */
const [TRUE, NULL, FALS] = ['true', 'null', 'fals'].map((word) => Buffer.from(word).readInt32LE());

// A line is glue, a value, glue, ... a value, glue; values are strings, numbers, true, false and null, and glue is all that stands between them:
// `,"position":{"lat":`. Most lines have the same glue as the one before, so the scanner keeps the glues of a line, and compares. What
// is open before and after a glue are the bits of a number, below a 1 that comes first: 1 for a list, 0 for an object.
const GLUE = { text: 0, mask: 32, length: 64, field: 68, before: 72, after: 76, string: 80 };
const LONGEST_GLUE = 32;
const NEVER = -1;
/** A number of so many bytes has digits below 2^53, so one division gives the nearest double. */
const EXACT_BYTES = 15;

/** `take(from, length, time, value)` puts a reading, whose key lies there, into its group; NONE and NaN stand for what is missing. */
function defineTake(from, length, time, value) {
  const [group, slot, i, hash, minute, block16] = locals(I32, I32, I32, I64, F64, V128);
  const rest = i32.sub(length, i);
  const blockOfKey = v128.and(lines.load128(i32.add(from, i)), lines.load128(i32.sub(MASKS + 32, select(16, rest, i32.gt(rest, 16)))));
  const eachBlock = (body) => [set(i, 0), loop((again) => [body(), brIf(again, i32.lt(tee(i, i32.add(i, 16)), length))])];
  const mix = (half) =>
    set(hash, i64.rotl(i64.mul(i64.xor(hash, v128.half(block16, half)), i64.const(0x9e3779b97f4a7c15n)), i64.const(32n)));
  const add = (field, addend) => groups.storeF64(group, f64.add(groups.loadF64(group, GROUP[field]), addend), GROUP[field]);
  const isComplete = i32.and(
    i32.ne(from, NONE),
    // Comparing with NaN is false.
    i32.and(f64.le(f64.abs(time), f64.const(LATEST_MS)), f64.lt(f64.abs(value), f64.const(Infinity))),
  );
  return [
    when(i32.eqz(isComplete), () => [incomplete.set(i32.add(incomplete.get, 1)), ret()]),
    aggregated.set(i32.add(aggregated.get, 1)),
    // Adding 0 makes 0 of -0.
    set(minute, f64.add(f64.floor(f64.div(time, f64.const(MINUTE_MS))), f64.const(0))),
    set(hash, i64.ofF64(minute)),
    eachBlock(() => [set(block16, blockOfKey), mix(0), mix(1)]),
    set(slot, i32.and(i32.shl(i32.wrap(hash), 2), mask.get)),
    block((found) => [
      loop((probe) => [
        when(i32.eqz(tee(group, slots.load32(slot))), () => [
          set(group, used.get),
          slots.store32(slot, group),
          groups.store32(group, i32.wrap(hash), GROUP.hash),
          groups.store32(group, length, GROUP.length),
          groups.storeF64(group, minute, GROUP.minute),
          groups.storeF64(group, f64.const(0), GROUP.count),
          groups.storeF64(group, f64.const(0), GROUP.sum),
          groups.storeF64(group, value, GROUP.min),
          groups.storeF64(group, value, GROUP.max),
          eachBlock(() => groups.store128(i32.add(group, i), blockOfKey, GROUP.key)),
          used.set(i32.add(i32.add(group, i), GROUP.key)),
          br(found),
        ]),
        block((other) => [
          brIf(other, i32.ne(groups.load32(group, GROUP.hash), i32.wrap(hash))),
          brIf(other, i32.ne(groups.load32(group, GROUP.length), length)),
          brIf(other, f64.ne(groups.loadF64(group, GROUP.minute), minute)),
          eachBlock(() => brIf(other, v128.any(v128.xor(groups.load128(i32.add(group, i), GROUP.key), blockOfKey)))),
          br(found),
        ]),
        set(slot, i32.and(i32.add(slot, 4), mask.get)),
        br(probe),
      ]),
    ]),
    add('count', f64.const(1)),
    add('sum', value),
    when(f64.lt(value, groups.loadF64(group, GROUP.min)), () => groups.storeF64(group, value, GROUP.min)),
    when(f64.gt(value, groups.loadF64(group, GROUP.max)), () => groups.storeF64(group, value, GROUP.max)),
  ];
}

/**
 * Moves `at` to what ends a string, 16 bytes at a time: a quote, or what JSON.parse has to see, a backslash or control character. With its
 * second bit turned over, a byte is up to 0x20 if it is a quote or a control character.
 */
function moveToEnd(at) {
  const [text, marks] = locals(V128, I32);
  const isMark = v128.or(i8x16.le(v128.xor(text, bytes16(2)), bytes16(0x20)), i8x16.eq(text, bytes16(BACKSLASH)));
  const look = () => tee(marks, [set(text, lines.load128(at)), i8x16.bits(isMark)]);
  return [
    when(i32.eqz(look()), () => loop((again) => [set(at, i32.add(at, 16)), brIf(again, i32.eqz(look()))])),
    set(at, i32.add(at, i32.ctz(marks))),
  ];
}

function isOneOf(sign, wanted) {
  return wanted.map((each) => i32.eq(sign, each)).reduce((some, each) => i32.or(some, each));
}

/** `glue(from, open, place)` reads a glue and keeps it at that place; gives 0 where JSON.parse has to read the line. */
function defineGlue(from, open, place) {
  const [at, before, name, field, isFirst, sign] = locals(I32, I32, I32, I32, I32, I32);
  const byte = lines.load8(at);
  const advance = set(at, i32.add(at, 1));
  const skipSpace = () => loop((again) => [set(sign, byte), when(isOneOf(sign, SPACES), () => [advance, br(again)])]);
  const expect = (wanted) => [when(i32.ne(byte, wanted), () => ret(0)), advance];
  const nameLength = i32.sub(at, name);
  const isName = (wanted) =>
    [...Buffer.from(wanted)].reduce(
      (same, each, i) => i32.and(same, i32.eq(lines.load8(name, i), each)),
      i32.eq(nameLength, Buffer.byteLength(wanted)),
    );
  const length = i32.sub(at, from);
  return [
    set(at, from),
    set(before, open),
    block((found) => [
      when(i32.eqz(open), () => [skipSpace(), expect(OPEN), set(open, 0b10), set(isFirst, 1)]),
      loop((again) => [
        skipSpace(),
        when(i32.eq(sign, select(CLOSE_LIST, CLOSE, i32.and(open, 1))), () => [
          advance,
          set(isFirst, 0),
          when(i32.eq(tee(open, i32.shr(open, 1)), 1), () => [skipSpace(), expect(NEWLINE), set(open, 0), set(field, 0), br(found)]),
          br(again),
        ]),
        when(i32.eqz(isFirst), () => [expect(COMMA), skipSpace()]),
        set(field, 0),
        when(i32.eqz(i32.and(open, 1)), () => [
          expect(QUOTE),
          set(name, at),
          moveToEnd(at),
          when(i32.eq(open, 0b10), () =>
            Object.values(FIELDS).map((wanted, i) => set(field, select([KEY, TIME, VALUE][i], field, isName(wanted)))),
          ),
          expect(QUOTE),
          skipSpace(),
          expect(COLON),
          skipSpace(),
        ]),
        when(isOneOf(sign, [OPEN, OPEN_LIST]), () => [
          when(i32.or(field, i32.ge(open, 2 ** 30)), () => ret(0)),
          set(open, i32.or(i32.shl(open, 1), i32.eq(sign, OPEN_LIST))),
          set(isFirst, 1),
          advance,
          br(again),
        ]),
      ]),
    ]),
    lines.store32(place, length, GLUE.length),
    lines.store32(place, field, GLUE.field),
    lines.store32(place, open, GLUE.after),
    lines.store32(place, select(NEVER, before, i32.gt(length, LONGEST_GLUE)), GLUE.before),
    when(i32.le(length, LONGEST_GLUE), () =>
      [0, 16].map((half) => [
        lines.store128(place, lines.load128(from, half), GLUE.text + half),
        lines.store128(place, lines.load128(i32.sub(MASKS + LONGEST_GLUE, length), half), GLUE.mask + half),
      ]),
    ),
    ret(1),
  ];
}

/** `numberEnd(at)` reads a number of any length, up to its exponent, which no glue begins with; gives 0 where there is none. */
function defineNumberEnd(at) {
  const [start] = locals(I32);
  const isAt = (place, wanted) => i32.eq(lines.load8(place), wanted);
  const advance = set(at, i32.add(at, 1));
  const digits = () => [
    set(start, at),
    loop((again) => when(i32.lt(i32.sub(lines.load8(at), ZERO), 10), () => [advance, br(again)])),
    when(i32.eq(at, start), () => ret(0)),
  ];
  return [
    when(isAt(at, MINUS), () => advance),
    digits(),
    when(i32.and(isAt(start, ZERO), i32.gt(at, i32.add(start, 1))), () => ret(0)),
    when(isAt(at, DOT), () => [advance, digits()]),
    ret(at),
  ];
}

/** `scan(at, end)` aggregates lines up to `end`, or up to one that JSON.parse has to read; gives where it begins. */
function defineScan(at, end) {
  const [line, place, open, field, key, keyLength, sign, start, length, dots] = locals(I32, I32, I32, I32, I32, I32, I32, I32, I32, I32);
  const [time, value, number, text, index] = locals(F64, F64, F64, V128, V128);
  const NAN = f64.const(Number.NaN);
  const leave = ret(line);
  const differs = (half) =>
    v128.and(v128.xor(lines.load128(at, half), lines.load128(place, GLUE.text + half)), lines.load128(place, GLUE.mask + half));
  const readGlue = () =>
    block((known) => [
      block((unknown) => [
        brIf(unknown, i32.ne(open, lines.load32(place, GLUE.before))),
        brIf(unknown, v128.any(differs(0))),
        brIf(known, i32.le(lines.load32(place, GLUE.length), 16)),
        brIf(known, i32.eqz(v128.any(differs(16)))),
      ]),
      when(i32.eqz(glue(at, open, place)), () => leave),
    ]);
  /** Of fields with the same name the last one counts, as in JSON.parse. */
  const keep = (keyPlace, what) =>
    when(field, () => [
      when(i32.eq(field, KEY), () => set(key, keyPlace)),
      when(i32.eq(field, TIME), () => set(time, what)),
      when(i32.eq(field, VALUE), () => set(value, what)),
    ]);

  // A string is mostly as long as that of the line before. With its end from there a core need not wait until it has found it.
  const expectedEnd = i32.add(start, lines.load32(place, GLUE.string));
  const readString = () => [
    set(start, tee(at, i32.add(at, 1))),
    moveToEnd(at),
    when(
      i32.eq(at, expectedEnd),
      () => set(at, expectedEnd),
      () => lines.store32(place, i32.sub(at, start), GLUE.string),
    ),
    when(i32.ne(lines.load8(at), QUOTE), () => leave),
    when(i32.eq(field, KEY), () => set(keyLength, i32.sub(at, start))),
    keep(start, NAN),
    set(at, i32.add(at, 1)),
  ];

  const readWord = () => [
    keep(NONE, NAN),
    set(length, lines.load32(at)),
    when(
      i32.eq(length, FALS),
      () => [set(at, i32.add(at, 1)), when(i32.ne(lines.load8(at, 3), SMALL_E), () => leave)],
      () => when(i32.and(i32.ne(length, TRUE), i32.ne(length, NULL)), () => leave),
    ),
    set(at, i32.add(at, 4)),
  ];

  // The glue goes on, as it did not the last time.
  const readGlueAgain = () => [
    set(place, i32.and(i32.sub(place, GLUE_BYTES), GLUES_BYTES - 1)),
    set(at, i32.sub(at, lines.load32(place, GLUE.length))),
    set(open, lines.load32(place, GLUE.before)),
    lines.store32(place, NEVER, GLUE.before),
  ];

  // 16 bytes at once: which are digits or dots, and of what is wanted the number.
  const isWrong = [
    i32.ge(i32.sub(length, 1), EXACT_BYTES),
    i32.and(dots, i32.or(i32.sub(dots, 1), i32.or(1, i32.shr(i32.shl(1, length), 1)))),
    i32.and(i32.eq(lines.load8(start), ZERO), i32.and(i32.ne(length, 1), i32.ne(dots, 0b10))),
  ].reduce((some, each) => i32.or(some, each));
  const readNumber = () => [
    set(start, i32.add(at, i32.eq(sign, MINUS))),
    set(text, i8x16.sub(lines.load128(start), bytes16(ZERO))),
    set(dots, i8x16.bits(i8x16.eq(text, bytes16(DOT - ZERO)))),
    set(length, i32.ctz(i32.xor(i32.or(i8x16.bits(i8x16.le(text, bytes16(9))), dots), -1))),
    set(dots, i32.and(dots, i32.sub(i32.shl(1, length), 1))),
    when(
      isWrong,
      () => [
        when(i32.eqz(tee(length, numberEnd(at))), () => leave),
        when(field, () => keep(NONE, longNumber(at, length))),
        set(at, length),
      ],
      () => [when(field, () => [convert(), keep(NONE, number)]), set(at, i32.add(start, length))],
    ),
  ];
  const convert = () => [
    // The digits go to the right, those before the dot by one more, and are joined to numbers of 2, 4 and 8 digits.
    set(index, i8x16.add(v128.const(Array.from({ length: 16 }, (_, i) => i)), i8x16.splat(i32.sub(length, 16)))),
    when(dots, () => set(index, i8x16.add(index, i8x16.leSigned(index, i8x16.splat(i32.ctz(dots)))))),
    set(text, i8x16.swizzle(text, index)),
    set(text, i16x8.add(i16x8.mul(v128.and(text, words8(0xff, 0xff)), words8(10, 10)), i16x8.shr(text, 8))),
    set(text, i16x8.dot(text, words8(100, 1))),
    set(text, i16x8.dot(i16x8.narrow(text, text), words8(10_000, 1))),
    set(number, f64.ofI64(i64.add(i64.mul(i64.extend(v128.word(text, 0)), i64.const(100_000_000n)), i64.extend(v128.word(text, 1))))),
    when(dots, () => set(number, f64.div(number, lines.loadF64(i32.add(POWERS - 8, i32.shl(i32.sub(length, i32.ctz(dots)), 3)))))),
    when(i32.eq(sign, MINUS), () => set(number, f64.neg(number))),
  ];

  return [
    loop((nextLine) => [
      when(i32.ge(at, end), () => ret(at)),
      [line, place, open, key].map((local, i) => set(local, i === 0 ? at : 0)),
      [time, value].map((local) => set(local, NAN)),
      loop((nextValue) => [
        readGlue(),
        set(at, i32.add(at, lines.load32(place, GLUE.length))),
        set(field, lines.load32(place, GLUE.field)),
        when(i32.eqz(tee(open, lines.load32(place, GLUE.after))), () => [take(key, keyLength, time, value), br(nextLine)]),
        set(place, i32.and(i32.add(place, GLUE_BYTES), GLUES_BYTES - 1)),
        set(sign, lines.load8(at)),
        when(i32.eq(sign, QUOTE), () => [readString(), br(nextValue)]),
        when(i32.or(i32.lt(i32.sub(sign, ZERO), 10), i32.eq(sign, MINUS)), () => [readNumber(), br(nextValue)]),
        when(isOneOf(sign, [OPEN, OPEN_LIST, ...SPACES]), readGlueAgain, readWord),
        br(nextValue),
      ]),
    ]),
    ret(at),
  ];
}

// What makes a module of this: functions give the bytes of an instruction behind those of its operands, which are other instructions, local
// variables, or numbers for constants. https://webassembly.github.io/spec/core/binary
const [I32, I64, F64, V128] = [0x7f, 0x7e, 0x7c, 0x7b];
const VECTOR = 0xfd;
const NO_RESULT = 0x40;
const END = 0x0b;

function unsigned(number) {
  return number < 128 ? [number] : [(number & 127) | 128, ...unsigned(number >>> 7)];
}

function signed(number) {
  const last = Number(number & 127n);
  const isLast = number >= -64n && number < 64n;
  return isLast ? [last] : [last | 128, ...signed(number >> 7n)];
}

function sized(items) {
  const flat = items.flat(Number.POSITIVE_INFINITY);
  return [unsigned(flat.length), flat];
}

function listOf(items) {
  return [unsigned(items.length), items];
}

function nameOf(text) {
  return sized([...Buffer.from(text)]);
}

class Local {
  constructor(index) {
    this.index = index;
  }
}

function operand(value) {
  if (typeof value === 'number') return [0x41, signed(BigInt(value | 0))];
  return value instanceof Local ? [0x20, unsigned(value.index)] : value;
}

/** Instructions by their names, from their opcodes. */
function instructions(opcodes, ...prefix) {
  const instruction = (opcode) => [...prefix, ...(prefix.length === 0 ? [opcode] : unsigned(opcode))];
  return Object.fromEntries(
    Object.entries(opcodes).map(([name, opcode]) => [name, (...operands) => [operands.map(operand), instruction(opcode)]]),
  );
}

const i32 = instructions({
  ...{ eqz: 0x45, eq: 0x46, ne: 0x47, lt: 0x49, gt: 0x4b, le: 0x4d, ge: 0x4f, ctz: 0x68, add: 0x6a, sub: 0x6b },
  ...{ and: 0x71, or: 0x72, xor: 0x73, shl: 0x74, shr: 0x76, wrap: 0xa7 },
});
const i64 = {
  ...instructions({ add: 0x7c, mul: 0x7e, xor: 0x85, rotl: 0x89, extend: 0xad, ofF64: 0xbd }),
  const: (value) => [0x42, signed(BigInt.asIntN(64, value))],
};
const f64 = {
  ...instructions({ ne: 0x62, lt: 0x63, gt: 0x64, le: 0x65, abs: 0x99, neg: 0x9a, floor: 0x9c, add: 0xa0, div: 0xa3, ofI64: 0xb9 }),
  const: (value) => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
};
const i8x16 = instructions({ swizzle: 14, splat: 15, eq: 35, leSigned: 41, le: 42, bits: 100, add: 110, sub: 113 }, VECTOR);
const i16x8 = instructions({ narrow: 134, shr: 141, add: 142, mul: 149, dot: 186 }, VECTOR);
const v128 = {
  ...instructions({ and: 78, or: 80, xor: 81, any: 83 }, VECTOR),
  const: (bytes) => [VECTOR, 12, bytes],
  word: (vector, lane) => [operand(vector), VECTOR, 27, lane],
  half: (vector, lane) => [operand(vector), VECTOR, 29, lane],
};
const bytes16 = (byte) => v128.const(new Array(16).fill(byte & 0xff));
/** Pairs of words of 16 bits. */
const words8 = (first, second) =>
  v128.const([...new Uint8Array(Uint16Array.from({ length: 8 }, (_, i) => (i % 2 ? second : first)).buffer)]);

/** What reads and writes a memory: an offset may stand behind the other operands. */
const [lines, groups, slots] = [0, 1, 2].map((memory) => {
  const at = (opcode, offset) => [opcode, 0x40, memory, unsigned(offset)];
  const load =
    (...opcode) =>
    (place, offset = 0) => [operand(place), at(opcode, offset)];
  const store =
    (...opcode) =>
    (place, value, offset = 0) => [operand(place), operand(value), at(opcode, offset)];
  return {
    ...{ load8: load(0x2d), load32: load(0x28), loadF64: load(0x2b), load128: load(VECTOR, 0) },
    ...{ store32: store(0x36), storeF64: store(0x39), store128: store(VECTOR, 11) },
  };
});

const set = (local, value) => [operand(value), 0x21, unsigned(local.index)];
const tee = (local, value) => [operand(value), 0x22, unsigned(local.index)];
const { select, return: ret } = instructions({ select: 0x1b, return: 0x0f });
const [mask, used, aggregated, incomplete] = [0, 1, 2, 3].map((index) => ({
  get: [0x23, index],
  set: (value) => [operand(value), 0x24, index],
}));

/** How many blocks are open where the next instruction stands. */
let depth = 0;
const nested = (make) => {
  depth += 1;
  const body = make(depth);
  depth -= 1;
  return body;
};
const block = (make) => [0x02, NO_RESULT, nested(make), END];
const loop = (make) => [0x03, NO_RESULT, nested(make), END];
const when = (condition, make, otherwise = () => []) => [operand(condition), 0x04, NO_RESULT, nested(make), 0x05, nested(otherwise), END];
/** Goes behind a block, or to the begin of a loop. */
const br = (label) => [0x0c, depth - label];
const brIf = (label, condition) => [operand(condition), 0x0d, depth - label];

let localTypes = [];
function locals(...types) {
  return types.map((type) => new Local(localTypes.push(type) - 1));
}

const [longNumber, take, glue, numberEnd] = [0, 1, 2, 3].map((index) => (...operands) => [operands.map(operand), 0x10, index]);
/** The first one is imported, the others are below; the last one is `scan`. */
const FUNCTIONS = [
  { name: 'longNumber', takes: [I32, I32], gives: [F64] },
  { name: 'take', takes: [I32, I32, F64, F64], gives: [], define: defineTake },
  { name: 'glue', takes: [I32, I32, I32], gives: [I32], define: defineGlue },
  { name: 'numberEnd', takes: [I32], gives: [I32], define: defineNumberEnd },
  { name: 'scan', takes: [I32, I32], gives: [I32], define: defineScan },
];
const GLOBALS = ['mask', 'used', 'aggregated', 'incomplete'];
/** Places in memory stay below 2^31, as numbers of 32 bits have a sign in JavaScript. */
const MOST_PAGES = 2 ** 15 - 1;
/** How many pages they begin with. What is read at once into `lines` stays in the cache of a core. */
const MEMORIES = { lines: 5, groups: 1, slots: 1 };

function codeOf({ takes, define }) {
  localTypes = [...takes];
  const body = define(...takes.map((_, index) => new Local(index)));
  return sized([listOf(localTypes.slice(takes.length).map((type) => [1, type])), body, END]);
}

function assemble() {
  const section = (id, items) => [id, sized(listOf(items))];
  const [imported, ...defined] = FUNCTIONS;
  const exported = (names, kind, first) => names.map((name, i) => [nameOf(name), kind, first + i]);
  const sections = [
    section(
      1,
      FUNCTIONS.map(({ takes, gives }) => [0x60, listOf(takes), listOf(gives)]),
    ),
    section(2, [[nameOf('js'), nameOf(imported.name), 0, 0]]),
    section(
      3,
      defined.map((_, i) => i + 1),
    ),
    section(
      5,
      Object.values(MEMORIES).map((pages) => [1, pages, unsigned(MOST_PAGES)]),
    ),
    section(
      6,
      GLOBALS.map(() => [I32, 1, operand(0), END]),
    ),
    section(7, [
      ...exported(
        defined.map(({ name }) => name),
        0,
        1,
      ),
      ...exported(Object.keys(MEMORIES), 2, 0),
      ...exported(GLOBALS, 3, 0),
    ]),
    section(10, defined.map(codeOf)),
  ];
  return Uint8Array.from([0, ...Buffer.from('asm'), 1, 0, 0, 0, sections].flat(Number.POSITIVE_INFINITY));
}

const js = { longNumber: (from, to) => Number(bytes.latin1Slice(from, to)) };
const wasm = new WebAssembly.Instance(new WebAssembly.Module(assemble()), { js }).exports;
let bytes = Buffer.from(wasm.lines.buffer);
bytes.fill(0xff, MASKS, MASKS + LONGEST_GLUE);
for (let i = 0; i < EXACT_BYTES; i += 1) bytes.writeDoubleLE(10 ** i, POWERS + 8 * i);
for (let place = 0; place < GLUES_BYTES; place += GLUE_BYTES) bytes.writeInt32LE(NEVER, place + GLUE.before);
wasm.mask.value = wasm.slots.buffer.byteLength - Int32Array.BYTES_PER_ELEMENT;
