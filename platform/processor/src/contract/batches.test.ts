import { beforeAll, describe, expect, it } from 'vitest';
import { languages, runLanguage } from './languages.ts';
import { send } from './row.ts';

const SIZE = 3;

describe.each(languages)('a function in $name, with batches', (language) => {
  let url = '';

  beforeAll(async () => {
    const running = await runLanguage(language, { trigger: { batch: { mode: 'enable', batchSize: SIZE, timeout: '500ms' } } });
    ({ url } = running);
    return running.end;
  });

  const sendAll = async (...paths: string[]) => {
    const answers = await Promise.all(paths.map((path, i) => send(url, { path, body: `event ${i}` })));
    return answers.map(({ status, body }) => ({ status, body: body.toString() }));
  };

  // A shell script is run for each event: it has no lists.
  const isShell = language.family === 'shell';
  const seen = (count: number) => (isShell ? 1 : count);

  it('gets as many events as fit into a batch, and gives each its own answer', async () => {
    expect(await sendAll('/', '/', '/')).toEqual([0, 1, 2].map((i) => ({ status: 200, body: `event ${i} of ${seen(SIZE)}` })));
  });

  it('gets fewer when no more come in time', async () => {
    expect(await sendAll('/', '/')).toEqual([0, 1].map((i) => ({ status: 200, body: `event ${i} of ${seen(2)}` })));
  });

  const envelope = (i: number) => ({
    specversion: '1.0',
    id: `id-${i}`,
    source: '/',
    type: 't',
    datacontenttype: 'text/plain',
    data: `event ${i}`,
  });
  const sendCloudEvents = async (type: string, content: object) => {
    const headers = { 'content-type': `application/${type}+json` };
    const { status, body } = await send(url, { path: '/', headers, body: JSON.stringify(content) });
    return { status, body: body.toString() };
  };

  it('gets CloudEvents among others as parts of a batch', async () => {
    const binary = { 'ce-specversion': '1.0', 'ce-id': 'id-1', 'ce-source': '/', 'ce-type': 't', 'content-type': 'text/plain' };

    const [first, second, third] = await Promise.all([
      sendCloudEvents('cloudevents', envelope(0)),
      send(url, { path: '/', headers: binary, body: 'event 1' }),
      send(url, { path: '/', body: 'event 2' }),
    ]);

    expect(first).toEqual({ status: 200, body: `event 0 of ${seen(SIZE)}` });
    expect(second.body.toString()).toBe(`event 1 of ${seen(SIZE)}`);
    expect(third.body.toString()).toBe(`event 2 of ${seen(SIZE)}`);
  });

  it('gets as many of a batch of CloudEvents as fit into its own, without those that are not valid', async () => {
    const [invalid, whole] = await Promise.all([
      sendCloudEvents('cloudevents', { specversion: '1.0' }),
      sendCloudEvents('cloudevents-batch', [0, 1, 2].map(envelope)),
    ]);
    const larger = await sendCloudEvents('cloudevents-batch', [0, 1, 2, 3].map(envelope));

    expect(invalid.status).toBe(400);
    expect(whole).toEqual({ status: 200, body: expect.stringMatching(`^event \\d of ${seen(SIZE)}$`) });
    expect(larger).toEqual({ status: 200, body: expect.stringMatching(`^event \\d of ${seen(SIZE)}$`) });
  });

  it('that leaves an event unanswered fails that one alone', async () => {
    const [first, second, third] = await sendAll('/', '/unanswered', '/');

    expect([first?.status, third?.status]).toEqual([200, 200]);
    if (isShell) expect(second).toEqual({ status: 200, body: 'unanswered' });
    else expect(second).toEqual({ status: 500, body: expect.stringMatching(/the handler gave no answer to this event of the batch/i) });
  });

  it('that fails with a batch fails all of it, and gets the next one', async () => {
    const statuses = (await sendAll('/', '/exception', '/')).map(({ status }) => status);

    expect(statuses).toEqual(isShell ? [200, 500, 200] : [500, 500, 500]);
    expect(await sendAll('/', '/', '/')).toMatchObject([{ status: 200 }, { status: 200 }, { status: 200 }]);
  });
});
