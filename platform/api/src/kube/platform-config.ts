import { messageOf } from '@ampoule/lib/errors';
import { parseYaml } from '@ampoule/lib/yaml';
import { platformConfigMap } from '../constants.ts';
import { defaultPlatformConfig, type PlatformConfig, platformConfigSchema } from '../platform-config.ts';
import type { KubeClient } from './client.ts';
import type { Logger } from './logger.ts';
import { resources } from './resources.ts';

/** A change of the configuration is in force after this time. */
const USUAL_MAX_AGE_MS = 10_000;

/** The platform configuration that lies beside the functions, in a ConfigMap that need not be there. */
export class PlatformConfigSource {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #logger: Logger;
  readonly #maxAgeMs: number;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<PlatformConfig> | undefined;
  #last = defaultPlatformConfig;

  constructor(client: KubeClient, namespace: string, logger: Logger, maxAgeMs = USUAL_MAX_AGE_MS) {
    this.#client = client;
    this.#namespace = namespace;
    this.#logger = logger;
    this.#maxAgeMs = maxAgeMs;
  }

  /** One that is wrong is told of, and the last good one stays in force. @throws AMP_KUBE_UNREACHABLE */
  read(): Promise<PlatformConfig> {
    if (this.#reading === undefined || performance.now() - this.#readAt >= this.#maxAgeMs) {
      this.#readAt = performance.now();
      this.#reading = this.#read().catch((error: unknown) => {
        this.#reading = undefined;
        throw error;
      });
    }
    return this.#reading;
  }

  async #read(): Promise<PlatformConfig> {
    const { name, key } = platformConfigMap;
    const text = (await this.#client.read(resources.configMaps, this.#namespace, name))?.data?.[key];
    try {
      this.#last = text === undefined ? defaultPlatformConfig : parseYaml(platformConfigSchema, text, `${key} of ConfigMap ${name}`);
    } catch (error) {
      this.#logger.warn({ reason: messageOf(error) }, 'the platform configuration is wrong, the last good one stays in force');
    }
    return this.#last;
  }
}
