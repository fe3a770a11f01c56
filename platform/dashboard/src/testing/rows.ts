import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from './dashboard.ts';

/** One request and what it is answered, as a sentence about the API. */
export interface Row {
  it: string;
  /** What was done before. */
  given?: (dashboard: TestDashboard) => Promise<unknown> | unknown;
  /** Method and path. */
  call: string;
  body?: unknown;
  headers?: Record<string, string>;
  status: number;
  /** The body of the answer; objects may hold more than they name here. */
  answer?: unknown;
  /** The names in the answer, which is a list. */
  names?: string[];
  /** What is so in the cluster afterwards: objects by their paths, undefined for what is not there. */
  after?: Record<string, object | undefined>;
}

/** Plays each row against a dashboard of its own. */
export function playRows(title: string, rows: Row[], options?: Parameters<typeof startDashboard>[0]): void {
  describe(title, () => {
    let dashboard: TestDashboard;

    beforeEach(async () => {
      dashboard = await startDashboard(options);
    });
    afterEach(() => dashboard.stop());

    it.each(rows)('$it', async ({ given, call, body, headers, status, answer, names, after = {} }) => {
      await given?.(dashboard);

      const [method = '', path = ''] = call.split(' ');
      const answered = await dashboard.call(method, path, body, headers);

      expect({ status: answered.status, body: answered.body }).toMatchObject({ status, ...(answer === undefined ? {} : { body: answer }) });
      if (names !== undefined) expect(Object.keys(answered.body).sort()).toEqual(names);
      if (answered.status >= 400) expect(answered.body).toEqual({ error: expect.any(String), errorStackTrace: '' });
      for (const [object, expected] of Object.entries(after)) {
        const found = dashboard.api.objects.get(object);
        if (expected === undefined) expect(found).toBeUndefined();
        else expect(found).toMatchObject(expected);
      }
    });
  });
}
