import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { messageOf } from '@ampoule/lib/errors';
import { packLayer } from '@ampoule/lib/oci/layer';
import { unpackLayer } from '@ampoule/lib/oci/unpack';
import { parseJson } from '@ampoule/lib/parse';
import { agent, lineOf, MAX_LINE, MAX_LINES, type Order, orderSchema, WORKING_FOLDER } from '../commands/protocol.ts';
import { runCommand } from './run.ts';
import type { AgentSettings } from './settings.ts';
import { entriesBelow } from './tree.ts';

const NEWLINE = 0x0a;

/** Takes one order in its life: pods are cheap, and what one build leaves must not be found by another. */
export async function startAgent({ token, host, port, root }: AgentSettings): Promise<Server> {
  let isTaken = false;
  const server = createServer((request, response) => {
    if (request.method !== 'POST' || request.url !== agent.path) return void response.writeHead(404).end();
    if (!isSame(request.headers.authorization ?? '', `Bearer ${token}`)) return void response.writeHead(401).end();
    if (isTaken) return void response.writeHead(409).end();
    isTaken = true;
    void carryOut(request, response, root);
  });
  server.requestTimeout = 0;
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

async function carryOut(request: IncomingMessage, response: ServerResponse, root: string): Promise<void> {
  // Whoever gave the order has gone, and nobody else may give one.
  response.on('close', () => response.writableFinished || process.exit(1));
  let lines = 0;
  const log = (text: string) => {
    lines += 1;
    if (lines <= MAX_LINES) response.write(lineOf({ log: text.slice(0, MAX_LINE) }));
  };
  try {
    const { order, code } = orderOf(await buffer(request));
    // From here on, what goes wrong is the commands' doing.
    response.flushHeaders();
    const folder = join(root, WORKING_FOLDER);
    await mkdir(folder, { recursive: true });
    await unpackLayer(code, root);
    for (const command of order.commands) {
      const failure = await runCommand(command, { cwd: folder, env: { ...withoutOurs(process.env), ...order.env }, log });
      if (failure !== undefined) return void response.end(lineOf({ failed: failure }));
    }
    const { bytes, diffId } = await packLayer(await entriesBelow(folder, WORKING_FOLDER));
    response.write(lineOf({ done: bytes.length, diffId }));
    response.end(bytes);
  } catch (error) {
    response.end(lineOf({ failed: messageOf(error) }));
  }
}

function orderOf(message: Buffer): { order: Order; code: Buffer } {
  const end = message.indexOf(NEWLINE);
  return { order: parseJson(orderSchema, message.toString('utf8', 0, end), 'the order'), code: message.subarray(end + 1) };
}

/** Takes as long for a wrong guess that is nearly right as for any other. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** The token is nobody's business there. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AMPOULE_')));
}
