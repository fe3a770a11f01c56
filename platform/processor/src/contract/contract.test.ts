import { beforeAll, describe, expect, it } from 'vitest';
import { cloudEvents } from './cloud-events.ts';
import { cors, corsAttribute } from './cors.ts';
import { fields } from './fields.ts';
import { languages, runLanguage } from './languages.ts';
import { limitAttributes, limits } from './limits.ts';
import { logs } from './logs.ts';
import { outputs } from './outputs.ts';
import { checkRow, rowsFor, send } from './row.ts';

const tables = [
  { name: 'answers', spec: {}, rows: [...outputs, ...fields, ...cloudEvents, ...logs] },
  {
    name: 'answers within its limits',
    spec: { trigger: { attributes: { ...limitAttributes, cors: corsAttribute } } },
    rows: [...limits, ...cors],
  },
];

describe.each(languages)('a function in $name', (language) => {
  describe.each(tables)('$name', ({ name, spec, rows }) => {
    let url = '';
    let lines: string[] = [];

    beforeAll(async () => {
      const running = await runLanguage(language, spec);
      ({ url, lines } = running);
      return running.end;
    });

    it.each(rowsFor(rows, language.family))('%s', (_, sent, expected) => checkRow(url, sent, expected));

    // What a shell script prints is its answer, and it has no events as objects.
    if (name !== 'answers' || language.family === 'shell') return;
    it('what it prints on its standard output, and not to who has sent the event', async () => {
      const { body } = await send(url, { path: '/print' });

      expect(body.toString()).toBe('printed');
      await expect.poll(() => lines).toContain('a print');
    });

    it('each event with an id of its own and the time when it came', async () => {
      const before = Date.now();

      const answers = [await send(url, { path: '/event' }), await send(url, { path: '/event' })];

      const seen = answers.map(({ body }) => JSON.parse(body.toString()));
      expect(new Set(seen.map(({ id }) => id)).size).toBe(2);
      for (const { id, timestamp } of seen) {
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Math.abs(timestamp - before)).toBeLessThan(5000);
      }
    });
  });
});
