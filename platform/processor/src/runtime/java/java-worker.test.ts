import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { handlerOf, runJava } from '../../testing/run-java.ts';

const LOGGING = handlerOf(`
        Logger logger = context.getLogger();
        logger.debug("debug %s %d", "text", 1);
        logger.info("100 %");
        logger.warnWith("warn", "source", "rabbit", "weight", 7);
        logger.error("é".repeat(body.length()));
        return new Response().setBody("logged");`);

async function logsAt(level: string, handler = LOGGING, body = 'x') {
  const run = await runJava(handler);
  const { headers } = await run.call({ headers: { 'x-nuclio-log-level': level }, body });
  expect((await run.call()).headers).not.toHaveProperty('x-nuclio-logs');
  return headers['x-nuclio-logs'] === undefined ? undefined : JSON.parse(headers['x-nuclio-logs']);
}

describe('logs that a request asks for', () => {
  it('are those at or above the level, with their fields', async () => {
    expect(await logsAt('debug')).toEqual([
      { time: expect.any(Number), level: 'debug', name: expect.any(String), message: 'debug text 1' },
      expect.objectContaining({ level: 'info', message: '100 %' }),
      expect.objectContaining({ level: 'warn', message: 'warn', source: 'rabbit', weight: 7 }),
      expect.objectContaining({ level: 'error', message: 'é' }),
    ]);
    expect(await logsAt('warn')).toHaveLength(2);
  });

  it('hold whatever a handler logs', async () => {
    const odd = handlerOf(
      `
        Map<Object, Object> loop = new HashMap<>();
        loop.put("self", loop);
        context.getLogger().info("%d and %d", 1);
        context.getLogger().info(null);
        context.getLogger().infoWith("odd", "loop", loop, "bytes", new byte[] {65}, "nan", 0.0 / 0, "list", List.of(1, new int[] {2}), "shown", new Shown(), "alone");
        return null;`,
      'static class Shown { public String toString() { throw new IllegalStateException(); } }',
    );
    expect(await logsAt('info', odd)).toEqual([
      expect.objectContaining({ message: '%d and %d [1]' }),
      expect.objectContaining({ message: null }),
      expect.objectContaining({ loop: expect.anything(), bytes: 'A', nan: 'NaN', list: [1, [2]], shown: 'Handler$Shown', alone: null }),
    ]);
  });

  it('are left out where they are 4096 bytes or more', async () => {
    expect(await logsAt('debug', LOGGING, 'x'.repeat(1000))).toBeUndefined();
  });
});

it('runs initContext once, before the first event', async () => {
  const run = await runJava(
    handlerOf(
      'return new Response().setBody(String.valueOf(++count));',
      'int count; public void initContext(Context context) { count = 10; }',
    ),
  );

  expect([(await run.call()).body, (await run.call()).body]).toEqual(['11', '12']);
});

it('gives the Java machine the options of runtimeAttributes.jvmOptions', async () => {
  const code = handlerOf('return new Response().setBody(System.getProperty("of.function") + Runtime.getRuntime().maxMemory());');
  const run = await runJava(code, { runtimeAttributes: { jvmOptions: ['-Dof.function=yes', '-Xmx32m', '-XX:+UseParallelGC'] } });

  expect((await run.call()).body).toMatch(/^yes3\d{7}$/);
  await expect(runJava(code, { runtimeAttributes: { jvmOptions: '-Xmx1g' } })).rejects.toThrow('jvmOptions');
});

describe('a batch', () => {
  const batch = (code: string) => `
import io.nuclio.*;
import java.util.*;
public class Handler implements BatchEventHandler {
    public List<Response> handleBatch(Context context, List<Event> events) {
        List<Response> all = new ArrayList<>();
        for (Event event : events) { ${code} }
        return all;
    }
}`;
  const bodies = async (handler: string) => {
    const run = await runJava(handler);
    const answers = await run.callBatch([{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
    return answers.map(({ status, body }) => [status, body.split('\n')[0]]);
  };

  it('goes to a handler of batches as a list, and each answer to the event that it names', async () => {
    const named = batch(`
            String body = new String(event.getBody());
            if (!body.equals("b")) all.add(0, new Response().setBody(body + event.isLastInBatch()).setEventID(event.getID()));`);
    expect(await bodies(named)).toEqual([
      [200, 'afalse'],
      [500, 'The handler gave no answer to this event of the batch'],
      [200, 'ctrue'],
    ]);
  });

  it('is answered in the order of the events where no answer names one', async () => {
    const run = await runJava(batch('all.add(new Response().setBody(event.getBody()));'));

    expect((await run.callBatch([{ body: 'a' }, { body: 'b' }])).map(({ body }) => body)).toEqual(['a', 'b']);
    expect((await run.call({ body: 'alone' })).body).toBe('alone');
  });

  it('fails as a whole where the handler throws', async () => {
    const failed = [500, 'Error in handler: java.lang.IllegalStateException: all'];
    expect(await bodies(batch('if (true) throw new IllegalStateException("all");'))).toEqual([failed, failed, failed]);
  });

  it('goes event by event to a handler that knows no batches', async () => {
    const code = 'if (body.equals("b")) throw new IllegalStateException("b"); return new Response().setBody(body);';
    expect(await bodies(handlerOf(code))).toEqual([
      [200, 'a'],
      [500, 'Error in handler: java.lang.IllegalStateException: b'],
      [200, 'c'],
    ]);
  });
});

it('acknowledges messages, also from a thread of the function while the worker waits for events', async () => {
  const run = await runJava(
    handlerOf(`
        context.getPlatform().explicitAck(QualifiedOffset.of(event));
        new Thread(() -> {
            try { Thread.sleep(50); } catch (InterruptedException error) { return; }
            context.getPlatform().explicitAck(new QualifiedOffset("other", 1, "text"));
        }).start();
        return null;`),
  );

  await run.call({ trigger: 1, attributes: { topic: 'tö', shardId: 4, offset: 9 } });

  expect(run.acks).toEqual([{ topic: 'tö', partition: 4, offset: 9 }]);
  await vi.waitFor(() => expect(run.acks[1]).toEqual({ topic: 'other', partition: 1, offset: 'text' }));
});

it('runs callbacks of the function when it is drained and terminated, after what is in hand, and goes on where they throw', async () => {
  const run = await runJava(
    handlerOf(
      'seen.add("event"); return new Response().setBody(String.join(" ", seen));',
      `
    final List<String> seen = new ArrayList<>();
    public void initContext(Context context) {
        context.getPlatform().setDrainCallback(() -> { seen.add("drain"); throw new IllegalStateException("thrown"); });
        context.getPlatform().setTerminationCallback(() -> seen.add("terminate"));
    }`,
    ),
  );
  const first = run.queue();
  run.worker.flush();

  await run.worker.control('drain');
  await run.worker.control('resume');
  await run.worker.control('terminate');

  expect((await first).body.toString()).toBe('event');
  expect((await run.call()).body).toBe('event drain terminate event');
});

describe('callFunction', () => {
  const CALL = handlerOf(`
        String[] words = body.split(" ");
        Request request = new Request().setPath("/ä b%20{100%}?q=1").setBody("{}").setContentType("application/json").setServiceName(words[0]);
        Map<String, Object> headers = new HashMap<>(Map.of("X-A", 1, "Content-Length", 77));
        if (words.length > 1) headers.put("TraceParent", words[1]);
        try {
            return context.getPlatform().callFunction("other", request.setHeaders(headers));
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }`);

  /** Answers with what it was asked. */
  async function otherFunction(): Promise<string> {
    const server = createServer((request, response) => {
      const { 'x-nuclio-target': target, 'x-a': a, 'content-type': type, traceparent, tracestate } = request.headers;
      request.on('data', (chunk) => {
        response.writeHead(202, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ call: [request.method, request.url, target, a, type, String(chunk)], traceparent, tracestate }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  it('calls another function and gives its answer', async () => {
    const run = await runJava(CALL);

    const { status, type, body } = await run.call({ body: await otherFunction() });

    expect([status, type]).toEqual([202, 'application/json']);
    expect(JSON.parse(body)).toEqual({ call: ['POST', '/%C3%A4%20b%20%7B100%25%7D?q=1', 'other', '1', 'application/json', '{}'] });
  });

  it('passes on the trace of the event, unless the handler names another', async () => {
    const run = await runJava(CALL);
    const service = await otherFunction();
    const headers = { traceparent: '00-1-2-01', tracestate: 'a=b' };

    expect(JSON.parse((await run.call({ headers, body: service })).body)).toMatchObject(headers);
    const { call: _, ...other } = JSON.parse((await run.call({ headers, body: `${service} 00-3-4-01` })).body);
    expect(other).toEqual({ traceparent: '00-3-4-01' });
    expect(JSON.parse((await run.call({ body: service })).body)).not.toHaveProperty('traceparent');
  });

  it('fails where nobody answers', async () => {
    const run = await runJava(CALL);

    expect(await run.call({ body: '127.0.0.1:1' })).toMatchObject({ status: 500, body: expect.stringContaining('ConnectException') });
  });
});
