import { Agent, request } from 'node:http';

/** As many requests are under way as a function has workers at most. */
const CONNECTIONS = 2;

/** Sends bodies to a function, several at once, and gives the answers in the order of the bodies, with the milliseconds until the last. */
export async function sendAll(port: number, bodies: readonly Buffer[]): Promise<{ answers: Buffer[]; ms: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const answers: Buffer[] = [];
  const queue = bodies.entries();
  const startedAt = performance.now();
  const sender = async () => {
    for (const [i, body] of queue) answers[i] = await send(port, body, agent);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  const ms = performance.now() - startedAt;
  agent.destroy();
  return { answers, ms };
}

function send(port: number, body: Buffer, agent: Agent): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method: 'POST', agent, headers: { 'content-length': body.length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(chunks);
        if (response.statusCode === 200) resolve(answer);
        else reject(new Error(`Port ${port} answers ${response.statusCode}: ${answer.toString().slice(0, 500)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
