interface Share {
  bytes: Promise<number>;
  /** Since it was asked for. */
  written: number;
  /** When it has to be asked for anew. */
  staleAt: number;
}

/** It takes the longer the more there is, and must not be all that NATS and the invoker do. */
const FRESH_TIMES = 20;
const FRESH_MS = 1000;

/** What each function has in a store, as of a moment ago, with what was written since. */
export class Shares {
  readonly #measure: (functionName: string) => Promise<number>;
  readonly #found = new Map<string, Share>();

  constructor(measure: (functionName: string) => Promise<number>) {
    this.#measure = measure;
  }

  /** Reads all that the function has there, so it is worth asking only where much is kept. @throws AMP_INVOKER_QUEUE_AWAY */
  async bytesOf(functionName: string): Promise<number> {
    const found = this.#found.get(functionName);
    const share = found !== undefined && performance.now() < found.staleAt ? found : this.#ask(functionName);
    return (await share.bytes) + share.written;
  }

  /** Something was written. */
  add(functionName: string, bytes: number): void {
    const found = this.#found.get(functionName);
    if (found !== undefined) found.written += bytes;
  }

  #ask(functionName: string): Share {
    const askedAt = performance.now();
    const share: Share = { bytes: this.#measure(functionName), written: 0, staleAt: Number.POSITIVE_INFINITY };
    const setStale = () => {
      share.staleAt = performance.now() + Math.max(FRESH_MS, (performance.now() - askedAt) * FRESH_TIMES);
    };
    share.bytes.then(setStale, () => this.#found.delete(functionName));
    this.#found.set(functionName, share);
    return share;
  }
}
