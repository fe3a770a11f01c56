import { parseArgs } from 'node:util';
import { SHARE_ENV } from 'node:worker_threads';
import { readFileSync } from './builtins.ts';
import { prepareThread } from './engine/threads.ts';

/**
 * The entry. A thread for the handler takes as long to start as the rest of the processor, so it is started before that is even loaded,
 * where the function looks like one that runs in threads.
 */
const { values } = parseArgs({
  options: {
    config: { type: 'string', default: '/etc/nuclio/config/processor/processor.yaml' },
    'platform-config': { type: 'string', default: '/etc/nuclio/config/platform/platform.yaml' },
    /** Waits to be told which function of this runtime it is. */
    warm: { type: 'string' },
  },
});

if (values.warm !== undefined) {
  if (values.warm === 'nodejs') prepareThread({ env: SHARE_ENV });
  const { serveWarm } = await import('./warm/serve-warm.ts');
  await serveWarm(values.warm);
} else {
  if (runsInThreads(values.config)) prepareThread();
  const { serve } = await import('./serve.ts');
  await serve(values.config, values['platform-config']);
}

function runsInThreads(file: string): boolean {
  try {
    return /["']?runtime["']?\s*:\s*["']?nodejs/.test(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}
