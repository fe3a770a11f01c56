// The same loop as in Python, in JavaScript: an object for each line.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';

const VOLUME = process.env.VOLUME ?? '/data';

export function handler(_context, event) {
  const name = event.getHeader('x-file');
  const text = name === undefined ? event.body.toString() : readFileSync(join(VOLUME, name), 'utf8');
  const groups = new Map();
  for (const line of text.split('\n')) {
    const { device, ts, value } = parsed(line);
    if (device === undefined || ts === undefined || value === undefined) continue;
    const minute = Math.floor(ts / 60_000);
    const key = `${device} ${minute}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { device, minute, count: 1, sum: value, min: value, max: value });
    else {
      group.count += 1;
      group.sum += value;
      if (value < group.min) group.min = value;
      if (value > group.max) group.max = value;
    }
  }
  return parquet([...groups.values()]);
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

function parquet(groups) {
  const column = (name, type, cell) => ({ name, type, data: groups.map(cell) });
  const file = parquetWriteBuffer({
    columnData: [
      column('device', 'STRING', ({ device }) => device),
      column('minute', 'TIMESTAMP', ({ minute }) => new Date(minute * 60_000)),
      column('count', 'INT64', ({ count }) => BigInt(count)),
      column('sum', 'DOUBLE', ({ sum }) => sum),
      column('min', 'DOUBLE', ({ min }) => min),
      column('max', 'DOUBLE', ({ max }) => max),
    ],
  });
  return Buffer.from(file);
}
