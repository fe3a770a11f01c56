import { Cache } from '@ampoule/platform-api/kube/cache';
import { resources } from '@ampoule/platform-api/kube/resources';
import { connectRegistry } from '@ampoule/platform-api/registry';
import type { Settings } from '../settings.ts';
import { FunctionCode } from './code.ts';
import { WarmPoolKeeper } from './keeper.ts';
import { WarmPool, type WarmPoolOptions } from './pool.ts';

type StartOptions = Pick<WarmPoolOptions, 'client' | 'functions' | 'projects' | 'platform' | 'logger'> & {
  settings: NonNullable<Settings['warm']>;
  functionNamespace: string;
};

/** Starts what binds functions to warm pods. */
export async function startWarmPool({ settings, ...shared }: StartOptions): Promise<{ pool: WarmPool; stop: () => Promise<void> }> {
  const { client, logger } = shared;
  const { namespace, privateKey, runtimeImages, registry } = settings;
  const pods = new Cache({ client, logger, namespace, resource: resources.pods });
  const deployments = new Cache({ client, logger, namespace, resource: resources.deployments });
  const code = new FunctionCode(await connectRegistry(registry), runtimeImages);
  const options = { ...shared, namespace, pods, deployments, code, privateKey };
  const pool = new WarmPool(options);
  const keeper = new WarmPoolKeeper(pool, options);
  await Promise.all([pods.start(), deployments.start()]);
  keeper.start();
  return {
    pool,
    stop: async () => {
      await Promise.all([keeper.stop(), pods.stop(), deployments.stop()]);
    },
  };
}
