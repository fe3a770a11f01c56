import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { makeLookup } from './lookup.ts';

const QUESTION_AT = 12;
const TYPE_A = 1;

/** A name server that knows the IPv4 addresses of these names, or, without any, is silent; gives its address. */
async function startNameServer(names?: Record<string, string>): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = [];
    let at = QUESTION_AT;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const [name, type] = [labels.join('.'), query.readUInt16BE(at + 1)];
    asked.push(name);
    if (names === undefined) return;
    const found = type === TYPE_A ? names[name] : undefined;
    // https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1: an answer, with the code of a name that is not there where it is not.
    const head = Buffer.from([0, 0, 0x81, name in names ? 0x80 : 0x83, 0, 1, 0, found === undefined ? 0 : 1, 0, 0, 0, 0]);
    query.copy(head, 0, 0, 2);
    const record = Buffer.from([0xc0, QUESTION_AT, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, ...(found ?? '').split('.').map(Number)]);
    socket.send(Buffer.concat([head, query.subarray(QUESTION_AT, at + 5), ...(found === undefined ? [] : [record])]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, asked };
}

it('finds the addresses of names, and says where there are none', async () => {
  const { address, asked } = await startNameServer({ 'caller.example': '192.0.2.7', 'none.example': '' });
  const lookup = makeLookup([address]);

  expect(await lookup('caller.example')).toEqual([{ address: '192.0.2.7', family: 4 }]);
  await expect(lookup('missing.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  expect(new Set(asked)).toEqual(new Set(['caller.example', 'missing.example']));
});

it('asks nobody for what is an address already, or this host', async () => {
  const { address, asked } = await startNameServer();
  const lookup = makeLookup([address]);

  expect(await lookup('192.0.2.7')).toEqual([{ address: '192.0.2.7', family: 4 }]);
  expect(await lookup('2001:db8::1')).toEqual([{ address: '2001:db8::1', family: 6 }]);
  for (const name of ['localhost', 'localhost.', 'a.LOCALHOST']) expect(await lookup(name)).toMatchObject([{ address: '127.0.0.1' }, {}]);
  expect(asked).toEqual([]);
});

it('keeps no thread of the process while a name server is silent', async () => {
  const { address, asked } = await startNameServer();
  const lookup = makeLookup([address]);
  let settled = 0;
  const hanging = Array.from({ length: 20 }, (_, i) =>
    lookup(`hangs${i}.example`).catch((error: unknown) => {
      settled++;
      return error;
    }),
  );
  await expect.poll(() => new Set(asked).size).toBe(20);

  expect((await readFile(import.meta.filename, 'utf8')).length).toBeGreaterThan(0);

  expect(settled).toBe(0);
  for (const error of await Promise.all(hanging)) expect(error).toMatchObject({ code: 'ETIMEOUT' });
}, 20_000);
