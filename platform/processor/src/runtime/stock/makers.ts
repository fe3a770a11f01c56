import type { Worker, WorkerListener } from '../../engine/worker.ts';
import type { WorkerOptions } from '../options.ts';
import { rubyAttributesOf, wrapperAttributesOf } from './attributes.ts';
import { StockWorker } from './stock-worker.ts';

/** Makes a worker that runs a wrapper of the function's own. @throws AMP_INPUT_INVALID where the runtime attributes are wrong */
export function makeWrapperWorker(options: WorkerOptions, listener: WorkerListener): Worker {
  return new StockWorker(options, wrapperAttributesOf(options.runtimeAttributes ?? {}), listener);
}

/** Makes a worker that runs Nuclio's Ruby wrapper. @throws AMP_INPUT_INVALID where the runtime attributes are wrong */
export function makeRubyWorker(options: WorkerOptions, listener: WorkerListener): Worker {
  return new StockWorker(options, rubyAttributesOf(options.runtimeAttributes ?? {}), listener);
}
