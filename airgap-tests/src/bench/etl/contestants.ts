import { type Command, ours } from '../contestants.ts';

/** As in the image. */
export const PYTHON = '/usr/bin/python3';
/** What a body may have, as in the function.yaml of the template. */
const attributes = { maxRequestBodySize: 64 * 1024 * 1024 };

/** Where a function gets its lines from. */
export const ways = ['file', 'http'] as const;
export type Way = (typeof ways)[number];

export interface EtlContestant {
  name: string;
  /** Whether its answers are Parquet files; if not, it only shows what is possible, of bodies alone. */
  aggregates: boolean;
  command(port: number): Promise<Command>;
}

export const yardstick = 'Python loop';

export interface Folders {
  functions: string;
  /** Where the files lie that the requests name. */
  volume: string;
  python: string;
}

/** Functions in our processor that get the same lines: the yardstick first. */
export function etlContestants({ functions, volume, python }: Folders): EtlContestant[] {
  const contestant = (name: string, handler: string, numWorkers = 1, aggregates = true): EtlContestant => ({
    name,
    aggregates,
    async command(port) {
      const runtime = handler.startsWith('python') ? 'python' : 'nodejs';
      const command = await ours({ runtime, handler }, { numWorkers, attributes })(port);
      return { ...command, env: { ...command.env, NUCLIO_HANDLER_DIR: functions, PYTHONPATH: python, VOLUME: volume } };
    },
  });
  return [
    contestant(yardstick, 'python_loop:handler'),
    contestant('Python loop, 2 workers', 'python_loop:handler', 2),
    contestant('JSON.parse of each line', 'json_parse.mjs:handler'),
    contestant('template', 'main.mjs:handler'),
    contestant('template, 2 workers', 'main.mjs:handler', 2),
    contestant('touches each byte, 2 workers', 'limits.mjs:touch', 2, false),
    contestant('takes the body, 2 workers', 'limits.mjs:take', 2, false),
  ];
}
