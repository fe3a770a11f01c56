import { type Command, ours } from '../contestants.ts';

/** As in the image. */
export const PYTHON = '/usr/bin/python3';
/** What a body may have, as in the function.yaml of the template. */
const attributes = { maxRequestBodySize: 64 * 1024 * 1024 };

export interface EtlContestant {
  name: string;
  /** Whether its answers are Parquet files; if not, it only shows what is possible. */
  aggregates: boolean;
  command(port: number): Promise<Command>;
}

export const yardstick = 'Python loop';

/** Functions in our processor that get the same bodies: the yardstick first. */
export function etlContestants(folder: string, pythonPath: string): EtlContestant[] {
  const contestant = (name: string, handler: string, numWorkers = 1, aggregates = true): EtlContestant => ({
    name,
    aggregates,
    async command(port) {
      const runtime = handler.startsWith('python') ? 'python' : 'nodejs';
      const command = await ours({ runtime, handler }, { numWorkers, attributes })(port);
      return { ...command, env: { ...command.env, NUCLIO_HANDLER_DIR: folder, PYTHONPATH: pythonPath } };
    },
  });
  return [
    contestant(yardstick, 'python_loop:handler'),
    contestant('Python loop, 2 workers', 'python_loop:handler', 2),
    contestant('JSON.parse of each line', 'json_parse.mjs:handler'),
    contestant('template', 'main.mjs:handler'),
    contestant('template, 2 workers', 'main.mjs:handler', 2),
    contestant('touches each byte, 2 workers', 'limits.mjs:touch', 2, false),
    contestant('takes the body', 'limits.mjs:take', 2, false),
  ];
}
