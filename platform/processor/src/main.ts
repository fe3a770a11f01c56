import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { prepareThread } from './engine/threads.ts';

/**
 * The entry. A thread for the handler takes as long to start as the rest of the processor, so it is started before that is even loaded,
 * where the function looks like one that runs in threads.
 */
const { values } = parseArgs({
  options: {
    config: { type: 'string', default: '/etc/nuclio/config/processor/processor.yaml' },
    'platform-config': { type: 'string', default: '/etc/nuclio/config/platform/platform.yaml' },
  },
});

if (runsInThreads(values.config)) prepareThread();
const { serve } = await import('./serve.ts');
await serve(values.config, values['platform-config']);

function runsInThreads(file: string): boolean {
  try {
    return /["']?runtime["']?\s*:\s*["']?nodejs/.test(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}
