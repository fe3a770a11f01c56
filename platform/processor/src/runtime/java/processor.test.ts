import { expect, it } from 'vitest';
import { handlerOf, useJavaWrapper } from '../../testing/run-java.ts';
import { call, runProcessor } from '../../testing/run-processor.ts';

async function run(code: string, spec: Record<string, unknown> = {}) {
  await useJavaWrapper();
  return runProcessor(handlerOf(code), { runtime: 'java', handler: 'Handler', ...spec }, 'Handler.java');
}

it('serves a Java function over HTTP, with its prints and logs on stdout in their order', async () => {
  const { url, lines } = await run(`
        System.out.println("a print: ü");
        context.getLogger().infoWith("a log", "number", 1);
        return new Response().setBody(event.getPath() + " " + event.getFieldString("b") + " " + body);`);

  const answer = await call(`${url}/a?b=c`, { method: 'POST', headers: { 'x-nuclio-log-level': 'info' }, body: 'ü' });

  expect(answer).toMatchObject({ status: 200, type: 'text/plain', body: '/a c ü' });
  expect(JSON.parse(answer.headers.get('x-nuclio-logs') ?? '')).toMatchObject([{ message: 'a log', number: 1 }]);
  await expect.poll(() => lines.some((line) => line.includes('"a log"'))).toBe(true);
  // The processor itself may write between them.
  const own = lines.filter((line) => !line.includes('"name":"processor"'));
  const at = own.indexOf('a print: ü');
  expect(JSON.parse(own[at + 1] ?? '')).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: 'info',
    name: 'f',
    message: 'a log',
    with: { number: 1 },
  });
});

it('answers 500 to the event that ended its worker, and the next one as ever', async () => {
  const { url } = await run('if (event.getPath().equals("/exit")) System.exit(1); return new Response().setBody("ok");');

  expect(await call(`${url}/exit`)).toMatchObject({ status: 500 });
  expect(await call(url)).toMatchObject({ status: 200, body: 'ok' });
});

it('answers 408 where a Java handler takes longer than eventTimeout', async () => {
  const { url } = await run('while (event.getPath().equals("/loop")) Thread.onSpinWait(); return new Response().setBody("ok");', {
    eventTimeout: '300ms',
  });

  expect(await call(`${url}/loop`)).toMatchObject({ status: 408 });
  expect(await call(url)).toMatchObject({ status: 200, body: 'ok' });
});

it('says why where the sources do not compile, and does not start', async () => {
  await expect(run('return nothing;')).rejects.toThrow(/Handler\.java:\d+: cannot find symbol/);
});
