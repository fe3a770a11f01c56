import { expect, it } from 'vitest';
import { call, runProcessor } from '../../testing/run-processor.ts';
import { NODE, wrapperProgram } from '../../testing/run-wrapper.ts';

const HANDLE = `
  if (event.path === '/exit') process.exit(1);
  if (event.path === '/loop') return new Promise(() => {});
  say('l' + JSON.stringify({ level: 'info', message: 'seen', with: { path: event.path } }));
  return { body: Buffer.from(event.body, 'base64').toString().toUpperCase(), status_code: 201 };`;

function run(spec: Record<string, unknown> = {}) {
  const runtimeAttributes = { command: NODE, args: ['main.cjs', '{socket}'] };
  return runProcessor(wrapperProgram(HANDLE), { runtime: 'wrapper', runtimeAttributes, ...spec }, 'main.cjs');
}

it('serves a function with a wrapper of its own over HTTP, with its logs on stdout', async () => {
  const { url, lines } = await run();

  expect(await call(`${url}/a`, { method: 'POST', body: 'abc' })).toMatchObject({ status: 201, type: 'text/plain', body: 'ABC' });
  const said = expect.objectContaining({ level: 'info', name: 'f', message: 'seen', with: { path: '/a' } });
  await expect.poll(() => lines.map((line) => JSON.parse(line))).toContainEqual(said);
});

it('answers 500 to the event that ended its wrapper and 408 to one that takes too long, and goes on', async () => {
  const { url } = await run({ eventTimeout: '300ms' });

  expect(await call(`${url}/exit`)).toMatchObject({ status: 500 });
  expect(await call(`${url}/loop`)).toMatchObject({ status: 408 });
  expect(await call(url)).toMatchObject({ status: 201 });
});
