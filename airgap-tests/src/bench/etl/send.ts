import { Agent, request } from 'node:http';

/** As many requests are under way as a function has workers at most. */
const CONNECTIONS = 2;

/** Lines for a function: a body, or the name of a file in the volume. */
export interface Lines {
  body: Buffer;
  headers: Record<string, string>;
}

export interface Sent {
  /** In the order of the lines; of what was sent several times, the last ones. */
  answers: Buffer[];
  /** How often all were sent, and the milliseconds until the last answer. */
  times: number;
  ms: number;
}

/** Sends each of the lines to a function, several at once, and then all of them again until the time is over. */
export async function sendAll(port: number, all: readonly Lines[], atLeastMs = 0): Promise<Sent> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const answers: Buffer[] = [];
  let times = 0;
  const startedAt = performance.now();
  function* queue() {
    do {
      times += 1;
      yield* all.entries();
    } while (performance.now() - startedAt < atLeastMs);
  }
  const sending = queue();
  const sender = async () => {
    for (const [i, lines] of sending) answers[i] = await send(port, lines, agent);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  const ms = performance.now() - startedAt;
  agent.destroy();
  return { answers, times, ms };
}

function send(port: number, { body, headers }: Lines, agent: Agent): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'POST', agent, headers: { ...headers, 'content-length': body.length } };
    const sent = request(options, (response) => {
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
