import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { javaFunction } from './java.ts';

export interface Command {
  program: string;
  args: string[];
  env?: Record<string, string>;
}

export interface Contestant {
  name: string;
  command(port: number): Promise<Command>;
  /** Loads that it is not put under, by name. */
  without?: readonly string[];
}

const repository = join(import.meta.dirname, '../../..');
const folder = join(repository, '.cache/bench');
export const processorFolder = join(folder, 'processor');
const node = join(repository, 'node_modules/.bin/node');
const servers = join(import.meta.dirname, 'servers');
const functions = join(import.meta.dirname, 'functions');
const wrapper = join(repository, 'platform/processor/python/_ampoule_wrapper.py');
/** As in the image, not a wrapper that chooses among several. */
const PYTHON = '/usr/bin/python3';

export const yardstick = 'node:http';

/** The servers to compare: yardsticks first, then functions of ours. */
export function contestants(bun: string): Contestant[] {
  const script = (program: string, file: string) => async (port: number) => ({ program, args: [join(servers, file), String(port)] });
  return [
    { name: yardstick, command: script(node, 'node-http.mjs') },
    { name: 'node:http on Bun', command: script(bun, 'node-http.mjs') },
    { name: 'Bun.serve', command: script(bun, 'bun-serve.mjs') },
    { name: 'uvicorn', command: script(PYTHON, 'uvicorn_server.py') },
    { name: 'aiohttp', command: script(PYTHON, 'aiohttp_server.py') },
    { name: 'ours, JavaScript', command: ours({ runtime: 'nodejs', handler: 'main.cjs:handler' }) },
    { name: 'ours, JavaScript, 2 workers', command: ours({ runtime: 'nodejs', handler: 'main.cjs:handler' }, { numWorkers: 2 }) },
    { name: 'ours, Python', command: ours({ runtime: 'python', handler: 'main:handler' }) },
    { name: 'ours, Python, 2 workers', command: ours({ runtime: 'python', handler: 'main:handler' }, { numWorkers: 2 }) },
    { name: 'ours, Java', command: ours({ runtime: 'java', handler: 'Bench' }) },
    { name: 'ours, Python, async', command: ours({ runtime: 'python', handler: 'asynchronous:handler' }, { mode: 'async' }) },
  ];
}

/** A processor of ours with a function; `trigger` is added to its HTTP trigger, `triggers` are others beside it. */
export function ours(
  spec: { runtime: string; handler: string; [field: string]: unknown },
  trigger: object = {},
  triggers: object = {},
): Contestant['command'] {
  return async (port) => {
    const configs = join(folder, `function-${port}`);
    await mkdir(configs, { recursive: true });
    const http = { kind: 'http', name: 'web', url: `127.0.0.1:${port}`, numWorkers: 1, ...trigger };
    const config = { metadata: { name: 'bench' }, spec: { ...spec, triggers: { web: http, ...triggers } } };
    await writeFile(join(configs, 'processor.yaml'), JSON.stringify(config));
    await writeFile(join(configs, 'platform.yaml'), JSON.stringify({ healthCheck: { enabled: false }, webAdmin: { enabled: false } }));
    const args = [join(processorFolder, 'opt/ampoule/processor.mjs'), '--config', join(configs, 'processor.yaml')];
    return {
      program: node,
      args: [...args, '--platform-config', join(configs, 'platform.yaml')],
      env: {
        NUCLIO_HANDLER_DIR: functions,
        NUCLIO_PYTHON_EXE_PATH: PYTHON,
        NUCLIO_PYTHON_WRAPPER_PATH: wrapper,
        ...(spec.runtime === 'java' ? await javaFunction(join(functions, 'Bench.java'), join(folder, 'java')) : {}),
      },
    };
  };
}
