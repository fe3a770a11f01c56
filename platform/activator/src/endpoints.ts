import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { labels, paths, ports } from '@ampoule/platform-api/constants';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import { isPodReady, podUidOf } from '@ampoule/platform-api/kube/pods';
import type { V1Pod } from '@ampoule/platform-api/kube/types';

export interface Endpoint {
  /** Of the pod. */
  uid: string;
  host: string;
  port: number;
}

/** A pod that runs is asked this often whether it serves; the kubelet asks once a second at most. */
const PROBE_INTERVAL_MS = 20;
const PROBE_TIMEOUT_MS = 500;
/** The controller ends a warm pod after this time at the latest. */
const LENT_MS = 110_000;

/** Knows which pods of functions can be called. */
export class Endpoints {
  readonly #pods: Cache<V1Pod>;
  /** Pods that answered a probe of ours, before Kubernetes says that they are ready. */
  readonly #serving = new Set<string>();
  /** Pods that are being asked. */
  readonly #probed = new Map<string, AbortController>();
  /** Pods that refused a connection. */
  readonly #refused = new Set<string>();
  /** Warm pods by the functions that they stand in for. */
  readonly #lent = new Map<string, { endpoint: Endpoint; until: number }>();
  #changed: (functionName: string) => void = () => undefined;

  constructor(pods: Cache<V1Pod>) {
    this.#pods = pods;
    pods.onChange((pod) => this.#podChanged(pod));
  }

  /** Calls back when there may be something new to know of a function's pods. */
  onChange(listener: (functionName: string) => void): void {
    this.#changed = listener;
  }

  /** A pod that serves; any of them, so that their load is alike. */
  find(functionName: string): Endpoint | undefined {
    const serving = this.#running(functionName).filter(
      (pod) => !this.#refused.has(podUidOf(pod)) && (isPodReady(pod) || this.#serving.has(podUidOf(pod))),
    );
    const pod = serving[Math.floor(Math.random() * serving.length)];
    if (pod === undefined) return this.#lentTo(functionName);
    this.#lent.delete(functionName);
    return endpointOf(pod);
  }

  /** A warm pod stands in for the pods of a function until one of these serves. */
  lend(functionName: string, endpoint: Endpoint): void {
    this.#lent.set(functionName, { endpoint, until: performance.now() + LENT_MS });
    this.#changed(functionName);
  }

  #lentTo(functionName: string): Endpoint | undefined {
    const lent = this.#lent.get(functionName);
    return lent !== undefined && performance.now() < lent.until ? lent.endpoint : undefined;
  }

  /** Asks the pods of a function that begin to run, until one serves. */
  probe(functionName: string): void {
    for (const pod of this.#running(functionName)) {
      const uid = podUidOf(pod);
      const isKnown = isPodReady(pod) || this.#serving.has(uid);
      if ((!isKnown || this.#refused.has(uid)) && !this.#probed.has(uid)) void this.#probe(functionName, pod);
    }
  }

  /** A pod refused a connection: it counts again once it answers a probe. */
  refused({ uid }: Endpoint): void {
    for (const [name, { endpoint }] of this.#lent) {
      if (endpoint.uid !== uid) continue;
      this.#lent.delete(name);
      return;
    }
    this.#refused.add(uid);
    this.#serving.delete(uid);
  }

  stop(): void {
    for (const abort of this.#probed.values()) abort.abort();
  }

  #running(functionName: string): V1Pod[] {
    return this.#pods.list().filter((pod) => functionOf(pod) === functionName && isRunning(pod));
  }

  #podChanged(pod: V1Pod): void {
    if (!isRunning(pod)) {
      const uid = podUidOf(pod);
      this.#serving.delete(uid);
      this.#refused.delete(uid);
      this.#probed.get(uid)?.abort();
    }
    const functionName = functionOf(pod);
    if (functionName === undefined) return;
    if (isRunning(pod) && isPodReady(pod)) this.#lent.delete(functionName);
    this.#changed(functionName);
  }

  async #probe(functionName: string, pod: V1Pod): Promise<void> {
    const uid = podUidOf(pod);
    const abort = new AbortController();
    this.#probed.set(uid, abort);
    while (!abort.signal.aborted && !(await answers(endpointOf(pod)))) await delay(PROBE_INTERVAL_MS);
    this.#probed.delete(uid);
    if (abort.signal.aborted) return;
    this.#refused.delete(uid);
    this.#serving.add(uid);
    this.#changed(functionName);
  }
}

function answers({ host, port }: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    request({ host, port, path: paths.health, agent: false, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .on('error', () => resolve(false))
      .end();
  });
}

function functionOf({ metadata }: V1Pod): string | undefined {
  return metadata?.labels?.[labels.function];
}

/** A pod that is being ended may still answer, but no more is given to it. */
function isRunning({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp === undefined && status?.phase === 'Running' && Boolean(status.podIP);
}

function endpointOf(pod: V1Pod): Endpoint {
  const port = pod.spec?.containers[0]?.ports?.find(({ name }) => name === 'http')?.containerPort ?? ports.http;
  return { uid: podUidOf(pod), host: pod.status?.podIP ?? '', port };
}
