// Takes a line of JSON for each reading: { "device": "pump-7", "ts": 1767225600123, "value": 21.5, ... }, ts in milliseconds since 1970.
// Most lines are read from the bytes of the body, without an object for each. A line for which that is not certain goes to JSON.parse.
import { isUtf8 } from 'node:buffer';
import { parquetWriteBuffer } from 'hyparquet-writer';

const FIELDS = { key: 'device', time: 'ts', value: 'value' };
const MINUTE_MS = 60_000;
/** The last moment that a Date can hold. */
const LATEST_MS = 8.64e15;

export function handler(context, event) {
  const { rows, ...counts } = aggregate(event.body);
  const column = (name, type, cell) => ({ name, type, nullable: false, data: rows.map(cell) });
  const file = parquetWriteBuffer({
    columnData: [
      column(FIELDS.key, 'STRING', (row) => row.key),
      column('minute', 'TIMESTAMP', (row) => new Date(row.minute * MINUTE_MS)),
      column('count', 'INT64', (row) => BigInt(row.count)),
      column('sum', 'DOUBLE', (row) => row.sum),
      column('min', 'DOUBLE', (row) => row.min),
      column('max', 'DOUBLE', (row) => row.max),
    ],
    kvMetadata: Object.entries(counts).map(([key, count]) => ({ key, value: String(count) })),
  });
  const headers = Object.fromEntries(Object.entries(counts).map(([name, count]) => [`x-lines-${name}`, count]));
  return new context.Response(Buffer.from(file), headers, 'application/vnd.apache.parquet');
}

/**
 * The groups of a body, in the order in which they come first; and how many lines were aggregated, how many lacked a field or had one
 * of another type, how many were no JSON, and how many of all these JSON.parse had to read. Blank lines do not count.
 */
export function aggregate(body) {
  const groups = new Groups();
  const scanner = new Scanner(body);
  const counts = { aggregated: 0, incomplete: 0, malformed: 0, parsed: 0 };
  const take = (bytes, from, to, time, value) => {
    // Comparing with NaN, which stands for what is missing, is false.
    if (from >= 0 && Math.abs(time) <= LATEST_MS && Math.abs(value) < Infinity) {
      groups.add(bytes, from, to, Math.floor(time / MINUTE_MS), value);
      counts.aggregated += 1;
    } else counts.incomplete += 1;
  };
  const parse = (line) => {
    const text = line.toString();
    if (/^[ \t\r]*$/.test(text)) return;
    counts.parsed += 1;
    try {
      if (!isUtf8(line)) throw new SyntaxError('JSON is UTF-8');
      const { [FIELDS.key]: key, [FIELDS.time]: time, [FIELDS.value]: value } = JSON.parse(text) ?? {};
      const bytes = Buffer.from(typeof key === 'string' ? key : '');
      take(bytes, typeof key === 'string' ? 0 : -1, bytes.length, numberOr(time), numberOr(value));
    } catch {
      counts.malformed += 1;
    }
  };

  // The scanner stays within a line, but looks at up to four bytes behind it.
  const scannable = body.lastIndexOf(NEWLINE, -5) + 1;
  const isClean = isUtf8(body);
  let backslash = body.indexOf(BACKSLASH);
  for (let at = 0; at < body.length; ) {
    const next = at < scannable ? scanner.scan(at) : -1;
    // Where the next backslash is further on, what was scanned has no escapes.
    if (next >= 0 && (backslash < 0 || next <= backslash) && (isClean || isUtf8(body.subarray(at, next)))) {
      take(body, scanner.keyFrom, scanner.keyTo, scanner.time, scanner.value);
      at = next;
    } else {
      const newline = body.indexOf(NEWLINE, at);
      const end = newline < 0 ? body.length : newline;
      parse(body.subarray(at, end));
      at = end + 1;
      if (backslash >= 0 && backslash < at) backslash = body.indexOf(BACKSLASH, at);
    }
  }
  return { rows: groups.rows(), ...counts };
}

function numberOr(value) {
  return typeof value === 'number' ? value : Number.NaN;
}

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;
const SMALL_E = 101;
/** `true`, `null` and `fals`, as words of four bytes. */
const TRUE = 0x65757274;
const NULL = 0x6c6c756e;
const FALS = 0x736c6166;

/** Names with the quote behind them, and the first word of each, so that most others are told apart by one comparison. */
const [KEY_NAME, TIME_NAME, VALUE_NAME] = [FIELDS.key, FIELDS.time, FIELDS.value].map((name) => {
  const bytes = Buffer.from(`${name}"`);
  const mask = bytes.length < 4 ? 2 ** (8 * bytes.length) - 1 : -1;
  return { bytes, mask, word: Buffer.alloc(4).fill(bytes).readInt32LE() & mask };
});
const [KEY, TIME, VALUE] = [0, 1, 2];
/** What is nested deeper goes to JSON.parse; the kinds of what is open are bits of a number. */
const DEEPEST = 30;
/** A number of so many bytes has digits below 2^53, so one division gives the nearest double. */
const EXACT_BYTES = 15;
const POWERS = Array.from({ length: EXACT_BYTES }, (_, exponent) => 10 ** exponent);

/** Checks lines of JSON in their bytes and finds three fields. */
class Scanner {
  /** Where the key lies in the body, -1 where there is none; the numbers are NaN where there are none. */
  keyFrom = -1;
  keyTo = -1;
  time = Number.NaN;
  value = Number.NaN;
  #bytes;
  #words;

  constructor(body) {
    this.#bytes = body;
    this.#words = new DataView(body.buffer, body.byteOffset, body.length);
  }

  /**
   * Reads a line with an object, and gives where the next one begins; -1 where it is not certain. Its strings must not have escapes, which
   * are taken for plain characters.
   */
  scan(start) {
    const bytes = this.#bytes;
    const words = this.#words;
    this.keyFrom = -1;
    this.time = Number.NaN;
    this.value = Number.NaN;
    if (bytes[start] !== OPEN) return -1;
    let at = start + 1;
    let depth = 1;
    /** The lowest bit is what the innermost is: 1 a list, 0 an object. */
    let lists = 0;
    for (;;) {
      let field = -1;
      if ((lists & 1) === 0) {
        if (bytes[at] !== QUOTE) return -1;
        if (depth === 1) field = fieldAt(bytes, words, at + 1);
        at = stringEnd(bytes, words, at + 1);
        if (at < 0 || bytes[at] !== COLON) return -1;
        at += bytes[at + 1] === SPACE ? 2 : 1;
      }

      const from = at;
      const first = bytes[at];
      if (first === QUOTE) at = stringEnd(bytes, words, at + 1);
      else if (first === MINUS || (first >= ZERO && first <= NINE)) at = numberEnd(bytes, at);
      else if (first !== OPEN && first !== OPEN_LIST) at = wordEnd(bytes, words, at);
      // A closing bracket is two behind its opening one.
      else if (bytes[at + 1] === first + 2) at += 2;
      else {
        if (field >= 0) this.#set(field, from, from);
        if (depth === DEEPEST) return -1;
        depth += 1;
        lists = (lists << 1) | (first === OPEN_LIST ? 1 : 0);
        at += 1;
        continue;
      }
      if (at < 0) return -1;
      if (field >= 0) this.#set(field, from, at);

      while (bytes[at] === ((lists & 1) === 0 ? CLOSE : CLOSE_LIST)) {
        at += 1;
        depth -= 1;
        lists >>= 1;
        if (depth > 0) continue;
        if (bytes[at] === RETURN) at += 1;
        return bytes[at] === NEWLINE ? at + 1 : -1;
      }
      if (bytes[at] !== COMMA) return -1;
      at += bytes[at + 1] === SPACE ? 2 : 1;
    }
  }

  /** Of fields with the same name the last one counts, as in JSON.parse. */
  #set(field, from, to) {
    if (field === KEY) {
      this.keyFrom = this.#bytes[from] === QUOTE ? from + 1 : -1;
      this.keyTo = to - 1;
    } else if (field === TIME) this.time = numberOf(this.#bytes, from, to);
    else this.value = numberOf(this.#bytes, from, to);
  }
}

/** Which of the fields that are wanted has its name here; -1 for any other. */
function fieldAt(bytes, words, at) {
  const word = words.getInt32(at, true);
  if ((word & KEY_NAME.mask) === KEY_NAME.word && isAt(bytes, at, KEY_NAME.bytes)) return KEY;
  if ((word & TIME_NAME.mask) === TIME_NAME.word && isAt(bytes, at, TIME_NAME.bytes)) return TIME;
  return (word & VALUE_NAME.mask) === VALUE_NAME.word && isAt(bytes, at, VALUE_NAME.bytes) ? VALUE : -1;
}

/**
 * The rest of a string, four bytes at a time. With its second bit turned over, a byte is below 0x21 if it is a quote or a control
 * character; such bytes get their highest bit set, the first of them without fail.
 * https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
 */
function stringEnd(bytes, words, start) {
  for (let at = start; ; at += 4) {
    const word = words.getInt32(at, true) ^ 0x02020202;
    const marks = (word - 0x21212121) & ~word & 0x80808080;
    if (marks === 0) continue;
    const end = at + ((31 - Math.clz32(marks & -marks)) >> 3);
    return bytes[end] === QUOTE ? end + 1 : -1;
  }
}

/** A number, up to its exponent, which nothing takes for what follows a value. */
function numberEnd(bytes, start) {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const whole = at;
  while (bytes[at] >= ZERO && bytes[at] <= NINE) at += 1;
  if (at === whole || (bytes[whole] === ZERO && at > whole + 1)) return -1;
  if (bytes[at] === DOT) {
    const decimals = at + 1;
    do at += 1;
    while (bytes[at] >= ZERO && bytes[at] <= NINE);
    if (at === decimals) return -1;
  }
  return at;
}

function wordEnd(bytes, words, at) {
  const word = words.getInt32(at, true);
  if (word === TRUE || word === NULL) return at + 4;
  return word === FALS && bytes[at + 4] === SMALL_E ? at + 5 : -1;
}

/** The number in these bytes; NaN where they are something else. */
function numberOf(bytes, from, to) {
  const isNegative = bytes[from] === MINUS;
  if (!isNegative && !(bytes[from] >= ZERO && bytes[from] <= NINE)) return Number.NaN;
  if (to - from > EXACT_BYTES) return Number(bytes.toString('latin1', from, to));
  // Whole numbers of 32 bits, which hold nine digits, are faster than doubles.
  let high = 0;
  let low = 0;
  let lowDigits = 0;
  let decimals = 0;
  let at = isNegative ? from + 1 : from;
  for (const middle = Math.min(to, at + 9); at < middle; at += 1) {
    if (bytes[at] === DOT) decimals = to - at - 1;
    else high = (Math.imul(high, 10) + bytes[at] - ZERO) | 0;
  }
  for (; at < to; at += 1) {
    if (bytes[at] === DOT) decimals = to - at - 1;
    else {
      low = (Math.imul(low, 10) + bytes[at] - ZERO) | 0;
      lowDigits += 1;
    }
  }
  const number = (high * POWERS[lowDigits] + low) / POWERS[decimals];
  return isNegative ? -number : number;
}

/** Groups by the bytes of their key and their minute. */
class Groups {
  #all = [];
  /** The groups with the same hash are a chain. */
  #chains = new Map();

  add(bytes, from, to, minute, value) {
    let hash = minute | 0;
    for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    // With 30 bits it is a number that needs no memory of its own.
    hash >>>= 2;
    const chain = this.#chains.get(hash);
    let group = chain;
    while (group !== undefined && !(group.minute === minute && group.key.length === to - from && isAt(bytes, from, group.key)))
      group = group.next;
    if (group === undefined) {
      group = { key: Buffer.from(bytes.subarray(from, to)), minute, count: 0, sum: 0, min: value, max: value, next: chain };
      this.#chains.set(hash, group);
      this.#all.push(group);
    }
    group.count += 1;
    group.sum += value;
    if (value < group.min) group.min = value;
    if (value > group.max) group.max = value;
  }

  rows() {
    return this.#all.map(({ key, minute, count, sum, min, max }) => ({ key: key.toString(), minute, count, sum, min, max }));
  }
}

function isAt(bytes, at, wanted) {
  for (let i = 0; i < wanted.length; i += 1) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}
