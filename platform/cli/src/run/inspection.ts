import type { FunctionConfig } from '@ampoule/platform-api/function';
import { runtimeNameOf } from '@ampoule/platform-api/handler';
import { cliError } from '../errors.ts';

export interface Inspection {
  config: FunctionConfig;
  /** Flags of Node.js. */
  nodeFlags: readonly string[];
  /** For the processor. */
  env: Record<string, string>;
}

/** Of each runtime that has a debugger: how it is told to listen. */
const DEBUGGERS: Record<string, { address: string; toldBy(address: string): Omit<Inspection, 'config'> }> = {
  nodejs: { address: '127.0.0.1:9229', toldBy: (address) => ({ nodeFlags: [`--inspect=${address}`], env: {} }) },
  python: { address: '127.0.0.1:5678', toldBy: (address) => ({ nodeFlags: [], env: { AMPOULE_PYTHON_INSPECT: address } }) },
};

/** A function to which a debugger can attach, at the given address or the usual one. @throws AMP_CLI_SOURCE */
export function inspected(config: FunctionConfig, address: string | true): Inspection {
  const runtime = runtimeNameOf(config.spec.runtime);
  const found = DEBUGGERS[runtime];
  if (found === undefined) {
    throw cliError('AMP_CLI_SOURCE', {
      what: `No debugger can attach to a function in ${runtime}`,
      fix: `Leave --inspect out; it is for ${Object.keys(DEBUGGERS).join(' and ')}.`,
    });
  }
  return { config: unhurried(config), ...found.toldBy(address === true ? found.address : address) };
}

/** At a breakpoint an event takes long; and its worker shall be the one that the debugger holds. */
function unhurried({ spec: { eventTimeout: _, triggers, ...spec }, ...config }: FunctionConfig): FunctionConfig {
  const single = Object.entries(triggers ?? {}).map(([name, trigger]) => [name, { ...trigger, numWorkers: 1 }] as const);
  return { ...config, spec: { ...spec, triggers: Object.fromEntries(single) } };
}
