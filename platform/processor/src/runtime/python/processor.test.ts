import { expect, it } from 'vitest';
import { call, runProcessor } from '../../testing/run-processor.ts';

it('serves a Python function over HTTP, with its prints and logs on stdout in their order', async () => {
  const code = `
def handler(context, event):
    print('a print')
    context.logger.info_with('a log', number=event.body['n'], shown=object)
    return {'n': event.body['n'], 'path': event.path}
`;
  const { url, lines } = await runProcessor(code, { runtime: 'python:3.11' }, 'main.py');

  const headers = { 'content-type': 'application/json', 'x-nuclio-log-level': 'info' };
  const answer = await call(`${url}/a?b=c`, { method: 'POST', headers, body: '{"n": 1}' });

  expect(answer).toMatchObject({ status: 200, type: 'application/json', body: '{"n": 1, "path": "/a"}' });
  expect(JSON.parse(answer.headers.get('x-nuclio-logs') ?? '')).toMatchObject([{ message: 'a log', number: 1 }]);
  await expect.poll(() => lines.some((line) => line.includes('"a log"'))).toBe(true);
  // The processor itself may write between them.
  const own = lines.filter((line) => !line.includes('"name":"processor"'));
  const at = own.indexOf('a print');
  expect(JSON.parse(own[at + 1] ?? '')).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: 'info',
    name: 'f',
    message: 'a log',
    with: { number: 1, shown: "<class 'object'>" },
  });
});

it('answers 500 to the event that ended its worker, and the next one as ever', async () => {
  const code = `
import sys
def handler(context, event):
    if event.path == '/exit':
        sys.exit(1)
    return 'ok'
`;
  const { url } = await runProcessor(code, { runtime: 'python' }, 'main.py');

  expect(await call(`${url}/exit`)).toMatchObject({ status: 500 });
  expect(await call(url)).toMatchObject({ status: 200, body: 'ok' });
});

it('answers 408 where a Python handler takes longer than eventTimeout', async () => {
  const code = `
import time
def handler(context, event):
    time.sleep(float(event.get_header('x-wait') or 0))
    return 'ok'
`;
  const { url } = await runProcessor(code, { runtime: 'python', eventTimeout: '300ms' }, 'main.py');

  expect(await call(url, { headers: { 'x-wait': '60' } })).toMatchObject({ status: 408 });
  expect(await call(url)).toMatchObject({ status: 200, body: 'ok' });
});
