// URL ANSWER COUNT SECONDS: calls a function so often within that time, first at once, and writes what came of it as JSON. Standard input is the PEM to trust.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

const [url, body, count, seconds] = process.argv.slice(2);
const ca = readFileSync(0);
const TIMEOUT_MS = 30_000;

function call() {
  const started = performance.now();
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', ca, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', (error) => resolve({ lost: error.message }));
      response.on('end', () => {
        const held = response.headers['x-ampoule-cold-start-ms'];
        if (response.statusCode !== 200 || text !== body) resolve({ lost: `${response.statusCode} ${text}` });
        else resolve({ ms: performance.now() - started, ...(held === undefined ? {} : { heldMs: Number(held) }) });
      });
    });
    sent.on('error', (error) => resolve({ lost: error.message }));
    sent.end();
  });
}

const calls = Array.from({ length: Number(count) }, async (_, i) => {
  await delay(i === 0 ? 0 : (i / Number(count)) * Number(seconds) * 1000);
  return call();
});
const results = await Promise.all(calls);
process.stdout.write(JSON.stringify({ first: results[0], lost: results.flatMap(({ lost }) => lost ?? []) }));
