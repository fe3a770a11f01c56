import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackLayer } from '@ampoule/lib/oci/unpack';
import type { Binding } from '@ampoule/platform-api/binding';
import { paths } from '@ampoule/platform-api/constants';
import { parseFunctionConfig, parsePlatformConfig } from '../config.ts';
import { Logger } from '../logger.ts';
import { type Processor, startProcessor } from '../processor.ts';
import { preparePython } from '../runtime/python/prepared-python.ts';
import { endWith } from '../serve.ts';
import { startBindingServer } from './binding-server.ts';
import { readWarmSettings } from './settings.ts';

/** A pod ends while it may still work on the call that woke its function. Kubernetes waits a little longer: manifests/platform. */
const DRAIN_MS = 600_000;

/** How the variables begin that are for the platform alone. */
const OWN = 'AMPOULE_';

/** Runs as a pod of no function, with all loaded that a processor needs, until a binding makes it that of one. */
export async function serveWarm(runtime: string): Promise<void> {
  const settings = readWarmSettings(process.env);
  const logger = new Logger('processor');
  const folder = join(settings.root, paths.handlers);
  // After a crash the container starts again in a pod that had a function, whose files are still there.
  if ((await readdir(folder).catch(() => [])).length > 0) throw new Error('This pod was that of a function before');
  if (runtime === 'python') preparePython(withoutOwn(process.env));
  let processor: Processor | undefined;

  async function become({ processorConfig, platformConfig, env }: Binding, layers: readonly Buffer[]): Promise<Processor> {
    const startedAt = performance.now();
    // The thread that is prepared shares the environment.
    for (const name of Object.keys(process.env)) if (name.startsWith(OWN)) delete process.env[name];
    Object.assign(process.env, env);
    for (const layer of layers) await unpackLayer(layer, settings.root);
    processor = await startProcessor({
      config: await parseFunctionConfig(processorConfig, 'processor.yaml'),
      platform: await parsePlatformConfig(platformConfig, 'platform.yaml'),
      logger,
      folder,
    });
    logger.infoWith('Warm pod became that of a function', { httpPort: processor.httpPort, ms: Math.round(performance.now() - startedAt) });
    return processor;
  }

  const server = await startBindingServer(settings, become);
  logger.info('Warm pod waits for a function');
  const stop = async (limitMs: number) => {
    server.close();
    await processor?.stop(limitMs);
  };
  endWith(logger, stop, DRAIN_MS);
}

function withoutOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith(OWN)));
}
