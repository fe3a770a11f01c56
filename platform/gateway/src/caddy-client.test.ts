import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaddyClient } from './caddy-client.ts';

describe('the client of the admin API', () => {
  let folder: string;
  let server: Server;
  let client: CaddyClient;
  /** How many requests are cut off before one is answered. */
  let cuts: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caddy-client-'));
    const socket = join(folder, 'admin.sock');
    server = createServer((incoming, outgoing) => {
      if (cuts-- > 0) incoming.socket.destroy();
      else outgoing.end('{"config":"c","routes":"r"}');
    }).listen(socket);
    await once(server, 'listening');
    client = new CaddyClient(socket);
  });
  afterEach(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  it('asks again where an admin server that is being replaced cuts it off', async () => {
    cuts = 1;
    expect(await client.state()).toEqual({ config: 'c', routes: 'r' });
  });

  it('says so where there is none', async () => {
    cuts = 2;
    await expect(client.state()).rejects.toMatchObject({ code: 'AMP_CADDY_UNREACHABLE' });
  });
});
