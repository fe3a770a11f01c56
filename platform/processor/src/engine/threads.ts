import { Worker as Thread, type WorkerOptions } from 'node:worker_threads';

/** Beside the built processor lies the entry of its threads; in the sources it is in the folder of the runtime. */
const ENTRY = import.meta.url.endsWith('.ts') ? '../runtime/javascript/thread.ts' : '../thread.mjs';

let prepared: Thread | undefined;

/** Starts a thread that will be needed soon. */
export function prepareThread(options?: Pick<WorkerOptions, 'env'>): void {
  prepared = makeThread(options);
}

/** The thread that was prepared, or a new one. */
export function takeThread(): Thread {
  const thread = prepared ?? makeThread();
  prepared = undefined;
  return thread;
}

function makeThread(options?: Pick<WorkerOptions, 'env'>): Thread {
  return new Thread(new URL(ENTRY, import.meta.url), options);
}
