import { expect, it } from 'vitest';
import { handlerOf, runJava } from '../../testing/run-java.ts';

const OUTPUTS = handlerOf(
  `
        return switch (body) {
            case "string" -> new Response().setBody("grüße €");
            case "bytes" -> new Response().setBody(new byte[] {0, (byte) 0xfe, (byte) 0xff});
            case "null" -> null;
            case "no-body" -> new Response().setBody((byte[]) null).setStatusCode(204);
            case "response" -> new Response().setBody("body").setStatusCode(201).setContentType("text/html").setHeaders(headers("H1", "v1", "h2", 2));
            case "content-length" -> new Response().setHeaders(headers("Content-Length", 7, "Content-Type", "text/css"));
            case "bad-header" -> new Response().setHeaders(headers("a b", "1"));
            case "bad-value" -> new Response().setHeaders(headers("a", "1\\r\\nb: 2"));
            case "bad-status" -> new Response().setStatusCode(600);
            case "interim-status" -> new Response().setStatusCode(103);
            case "overflow" -> handleEvent(context, event);
            default -> failing();
        };`,
  `
    static Map<String, Object> headers(Object... pairs) {
        Map<String, Object> headers = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) headers.put((String) pairs[i], pairs[i + 1]);
        return headers;
    }

    static Response failing() {
        throw new IllegalStateException("some error", new RuntimeException("its cause"));
    }
`,
);

it('maps what a Java handler gives as Nuclio does', async () => {
  const run = await runJava(OUTPUTS);
  const expected: [name: string, status: number, type: string, body: string][] = [
    ['string', 200, 'text/plain', 'grüße €'],
    ['null', 200, 'text/plain', ''],
    ['no-body', 204, 'text/plain', ''],
    ['response', 201, 'text/html', 'body'],
  ];

  for (const [name, status, type, body] of expected) {
    expect({ name, ...(await run.call({ body: name })) }).toMatchObject({ name, status, type, body });
  }
  expect((await run.call({ body: 'bytes' })).bytes).toEqual(Buffer.from([0, 0xfe, 0xff]));
});

it('sends the headers of a Response, without those that belong to the connection', async () => {
  const run = await runJava(OUTPUTS);

  expect((await run.call({ body: 'response' })).headers).toEqual({ h1: 'v1', h2: '2', 'content-type': 'text/html' });
  expect((await run.call({ body: 'content-length' })).headers).toEqual({ 'content-type': 'text/css' });
});

it('answers 500 to what HTTP does not allow', async () => {
  const run = await runJava(OUTPUTS);

  for (const name of ['bad-header', 'bad-value', 'bad-status', 'interim-status']) {
    expect(await run.call({ body: name })).toMatchObject({ status: 500, body: expect.stringContaining('Invalid') });
  }
});

it('answers 500 with the stack as far as it is in the handler where that throws, and goes on', async () => {
  const run = await runJava(OUTPUTS);

  const { status, type, body } = await run.call({ body: 'throw' });

  expect({ status, type }).toEqual({ status: 500, type: 'text/plain' });
  expect(body).toMatch(/^Error in handler: java\.lang\.IllegalStateException: some error\n\tat Handler\.failing\(Handler\.java:\d+\)\n/);
  expect(body).toContain('Caused by: java.lang.RuntimeException: its cause');
  expect(body).not.toContain('ampoule');
  expect(await run.call({ body: 'overflow' })).toMatchObject({ status: 500, body: expect.stringContaining('StackOverflowError') });
  expect(await run.call({ body: 'null' })).toMatchObject({ status: 200 });
});
