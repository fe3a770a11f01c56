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
