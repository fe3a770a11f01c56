import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createHost } from '../../host/host.ts';
import { inputFor } from '../testing.ts';
import { portCheck } from './ports.ts';

describe('ports of this very machine', () => {
  it('names the process that listens on a TCP port, and passes once it has closed', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const check = portCheck('test', port, 'tcp');
    const input = inputFor(createHost());
    expect(await check.run(input)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(`(process ${process.pid})`),
    });
    server.close();
    await once(server, 'close');
    expect(await check.run(input)).toMatchObject({ status: 'pass' });
  });

  it('sees a UDP port that is bound', async () => {
    const socket = createSocket('udp6').bind(0);
    await once(socket, 'listening');
    const check = portCheck('test', socket.address().port, 'udp');
    expect(await check.run(inputFor(createHost()))).toMatchObject({ status: 'fail' });
    socket.close();
  });
});
