interface Share {
  bytes: Promise<number>;
  /** Once it is known. */
  found?: number;
  /** Since it was asked for. */
  written: number;
  /** When it has to be asked for anew. */
  staleAt: number;
}

/** It takes the longer the more there is, and must not be all that NATS and the invoker do. */
const FRESH_TIMES = 20;
const FRESH_MS = 1000;

/** What each function has in a store, as of a moment ago, with what was written since, and what is about to be. */
export class Shares {
  readonly #measure: (functionName: string) => Promise<number>;
  readonly #found = new Map<string, Share>();
  readonly #reserved = new Map<string, number>();

  constructor(measure: (functionName: string) => Promise<number>) {
    this.#measure = measure;
  }

  /** Reads all that the function has there, so it is worth asking only where much is kept. @throws AMP_INVOKER_QUEUE_AWAY */
  async bytesOf(functionName: string): Promise<number> {
    const share = this.#fresh(functionName) ?? this.#ask(functionName);
    return (await share.bytes) + share.written + this.#reservedOf(functionName);
  }

  /** The same at this very moment; undefined where it has to be asked for. */
  bytesNow(functionName: string): number | undefined {
    const share = this.#fresh(functionName);
    return share?.found === undefined ? undefined : share.found + share.written + this.#reservedOf(functionName);
  }

  /** Something was written. */
  add(functionName: string, bytes: number): void {
    const found = this.#found.get(functionName);
    if (found !== undefined) found.written += bytes;
  }

  /** Something is about to be written, or, with fewer bytes than none, has been or will not be. */
  reserve(functionName: string, bytes: number): void {
    const reserved = this.#reservedOf(functionName) + bytes;
    if (reserved === 0) this.#reserved.delete(functionName);
    else this.#reserved.set(functionName, reserved);
  }

  #reservedOf(functionName: string): number {
    return this.#reserved.get(functionName) ?? 0;
  }

  #fresh(functionName: string): Share | undefined {
    const share = this.#found.get(functionName);
    return share !== undefined && performance.now() < share.staleAt ? share : undefined;
  }

  #ask(functionName: string): Share {
    const askedAt = performance.now();
    const share: Share = { bytes: this.#measure(functionName), written: 0, staleAt: Number.POSITIVE_INFINITY };
    const keep = (bytes: number) => {
      share.found = bytes;
      share.staleAt = performance.now() + Math.max(FRESH_MS, (performance.now() - askedAt) * FRESH_TIMES);
    };
    share.bytes.then(keep, () => this.#found.delete(functionName));
    this.#found.set(functionName, share);
    return share;
  }
}
