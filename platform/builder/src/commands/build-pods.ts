import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { limiter } from '@ampoule/lib/concurrent';
import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import type { Layer } from '@ampoule/lib/oci/layer';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { isPodReady } from '@ampoule/platform-api/kube/pods';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import { builderError } from '../errors.ts';
import { failureOf } from './failure.ts';
import { type Agent, BrokenOff, sendOrder } from './order.ts';
import { Output } from './output.ts';
import { buildPodOf } from './pod.ts';
import { agent } from './protocol.ts';

export interface BuildPodsOptions {
  client: KubeClient;
  /** Where build pods run; nothing else does. */
  namespace: string;
  /** By runtime. */
  images: Record<string, string>;
  /** Where the packages are that the bundle brought. */
  packagesUrl: string;
  /** How often a pod that comes up is looked at. */
  pollMs?: number;
}

export interface CommandsRequest {
  /** Of the function: `namespace/name`. */
  key: string;
  /** Without its version. */
  runtime: string;
  commands: readonly string[][];
  /** The function's code as a layer. */
  code: Buffer;
  limitSeconds: number;
  log: (line: string) => void;
  /** Waits until there is room for what the commands left. */
  forResult: (bytes: number) => Promise<void>;
  /** Ends the build, whose result nobody wants any more. */
  signal: AbortSignal;
}

const POLL_MS = 100;
const UP_WITHIN_MS = 60_000;
const TOLD_WITHIN_MS = 2000;
/** Each takes a processor. */
const AT_A_TIME = 2;

/** Runs the commands of builds, each build in a pod of its own. */
export class BuildPods {
  readonly #options: BuildPodsOptions;
  readonly #limit = limiter(AT_A_TIME);

  constructor(options: BuildPodsOptions) {
    this.#options = options;
  }

  /** The image that commands of a runtime run in. */
  imageOf(runtime: string): string | undefined {
    return this.#options.images[runtime];
  }

  /** Removes the pods that a builder before this one has left: nobody waits for them. */
  async removeAll(): Promise<void> {
    const { client, namespace } = this.#options;
    const { items } = await client.list(resources.pods, namespace);
    await Promise.all(items.map(({ metadata }) => client.remove(resources.pods, namespace, metadata?.name ?? '')));
  }

  /**
   * Gives the layer that the commands made of the code.
   * @throws AMP_BUILD_COMMAND, AMP_BUILD_PACKAGE, AMP_BUILD_POD, and the reason of the signal
   */
  run(wanted: CommandsRequest): Promise<Layer> {
    return this.#limit(() => this.#run(wanted));
  }

  async #run({ key, runtime, commands, code, limitSeconds, log, forResult, signal }: CommandsRequest): Promise<Layer> {
    signal.throwIfAborted();
    const { client, namespace, images } = this.#options;
    const name = `build-${randomBytes(6).toString('hex')}`;
    const token = randomBytes(32).toString('base64url');
    const output = new Output(log);
    const limit = AbortSignal.timeout(limitSeconds * 1000);
    const either = AbortSignal.any([signal, limit]);
    try {
      await client.create(resources.pods, buildPodOf({ namespace, name, image: images[runtime] ?? '', key, token, limitSeconds }));
      const to = { ...(await this.#addressOf(name, either)), token };
      const order = { commands: commands.map((command) => [...command]), env: this.#env() };
      const outcome = await sendOrder(to, order, code, { log: output.add, forResult, signal: either });
      if ('layer' in outcome) return outcome.layer;
      throw failureOf(outcome.failed, output);
    } catch (cause) {
      signal.throwIfAborted();
      if (limit.aborted) throw failureOf(`they took longer than ${limitSeconds} s`, output);
      if (cause instanceof AmpouleError && cause.code.startsWith('AMP_BUILD_')) throw cause;
      if (cause instanceof BrokenOff) throw failureOf(`their pod ended: ${await this.#endOf(name, cause)}`, output);
      throw builderError('AMP_BUILD_POD', {
        what: 'The pod for the commands of a build did not come up',
        why: messageOf(cause),
        fix: `Look at "kubectl -n ${namespace} get events". The build is tried again by itself.`,
        cause,
      });
    } finally {
      await client.remove(resources.pods, namespace, name).catch(() => undefined);
    }
  }

  async #addressOf(name: string, signal: AbortSignal): Promise<Omit<Agent, 'token'>> {
    const { client, namespace, pollMs = POLL_MS } = this.#options;
    const end = performance.now() + UP_WITHIN_MS;
    for (;;) {
      const pod = await client.read(resources.pods, namespace, name);
      if (pod === undefined || isOver(pod)) throw new Error(`it ended before it began: ${wordsOf(pod)}`);
      const host = pod.status?.podIP;
      if (host && isPodReady(pod)) return { host, port: pod.spec?.containers[0]?.ports?.[0]?.containerPort ?? agent.port };
      if (performance.now() > end) throw new Error(`it was not ready within ${UP_WITHIN_MS / 1000} s: ${wordsOf(pod)}`);
      await delay(pollMs, undefined, { signal });
    }
  }

  /** Why a pod ended that was at work: for example OOMKilled. The kubelet tells of it a moment later. */
  async #endOf(name: string, cause: BrokenOff): Promise<string> {
    const { client, namespace, pollMs = POLL_MS } = this.#options;
    for (const end = performance.now() + TOLD_WITHIN_MS; performance.now() < end; await delay(pollMs)) {
      const pod = await client.read(resources.pods, namespace, name).catch(() => undefined);
      const reason = pod?.status?.containerStatuses?.[0]?.state?.terminated?.reason ?? pod?.status?.reason;
      if (reason !== undefined) return reason;
    }
    return cause.message;
  }

  #env(): Record<string, string> {
    const { packagesUrl } = this.#options;
    return {
      npm_config_registry: packagesUrl,
      // A lockfile that was made elsewhere names the registry of there.
      npm_config_replace_registry_host: 'always',
      npm_config_cache: '/tmp/npm',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
      PIP_INDEX_URL: `${packagesUrl}/simple/`,
      PIP_TRUSTED_HOST: new URL(packagesUrl).hostname,
      PIP_NO_CACHE_DIR: '1',
      PIP_NO_INPUT: '1',
      PIP_RETRIES: '1',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      // Compiled modules have times in them; the same build is to give the same bytes.
      PIP_NO_COMPILE: '1',
      PYTHONDONTWRITEBYTECODE: '1',
    };
  }
}

function isOver({ status }: V1Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

function wordsOf(pod: V1Pod | undefined): string {
  const waiting = pod?.status?.containerStatuses?.[0]?.state?.waiting;
  const words = [pod?.status?.phase, pod?.status?.message, waiting?.reason, waiting?.message];
  return words.filter((word) => word !== undefined && word !== '').join(', ') || 'it is gone';
}
