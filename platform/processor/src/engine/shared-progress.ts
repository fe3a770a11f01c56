import { randomUUID } from 'node:crypto';
import { accessSync, closeSync, constants, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { distance, nextSequence } from './thread-protocol.ts';

/** Where the parts lie; python/_ampoule/shared.py has the same. */
const BEGUN = 0;
const GENERATION = 4;
const DECIDED = 5;
const PASSED = 6;
const RANGE = 8;
const FILLED = 16;
const WRITTEN = 24;
const VERSION = 32;
const OUTBOX = 64;
const BYTES = OUTBOX + (1 << 16);

const NONE = 0xffffffff;
const IN_MEMORY = '/dev/shm';
/** Longer than a store of another core takes until it is seen by all. */
const SETTLE_MS = 0.05;

/**
 * A file in memory that a worker process maps. It tells which event the worker has begun last, which events the processor has taken back,
 * and holds answers that the worker had finished but not written when it ended.
 */
export class SharedProgress {
  readonly descriptor: number;
  readonly #header = Buffer.alloc(OUTBOX);
  #generation = 0;
  /** The first sequence that was taken back last, and the first after these. */
  #taken = { from: 0, until: 0 };

  constructor() {
    const path = join(folderInMemory(), `worker-${randomUUID()}`);
    this.descriptor = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    ftruncateSync(this.descriptor, BYTES);
    this.#header.writeUInt32LE(NONE, BEGUN);
    writeSync(this.descriptor, this.#header, 0, OUTBOX, 0);
  }

  /** The first sequence that has not begun, for good once the worker is gone; undefined where none has begun at all. */
  firstUnbegun(): number | undefined {
    this.#read();
    const begun = this.#header.readUInt32LE(BEGUN);
    if (begun === NONE) return undefined;
    const first = nextSequence(begun);
    const { from, until } = this.#taken;
    return distance(from, first) < distance(from, until) ? until : first;
  }

  /**
   * Takes back the events before `until` that the worker has not begun and gives the first of them; undefined where there is none. The
   * worker puts down what it begins and then looks whether something is taken back; here it is the other way round, so that one of the
   * two notices the other. A worker that notices waits for the decision.
   */
  takeBack(until: number): number | undefined {
    this.#read();
    const isSettled = this.#header.readUInt8(PASSED) === this.#generation;
    if (!isSettled || nextSequence(this.#header.readUInt32LE(BEGUN)) === until) return undefined;
    this.#generation = (this.#generation + 1) % 256;
    this.#writeByte(GENERATION);
    const settled = performance.now() + SETTLE_MS;
    while (performance.now() < settled);
    this.#read();
    const begun = this.#header.readUInt32LE(BEGUN);
    const from = begun === NONE ? until : nextSequence(begun);
    this.#header.writeUInt32LE(from, RANGE);
    this.#header.writeUInt32LE(until, RANGE + 4);
    writeSync(this.descriptor, this.#header, RANGE, 8, RANGE);
    this.#writeByte(DECIDED);
    this.#taken = { from, until };
    return from === until ? undefined : from;
  }

  /** What the worker has finished and not sent, after the given number of bytes that came from it; nothing where it sends just now. */
  finished(received: number): Buffer {
    const before = this.#version();
    const content = this.unsent(received);
    const isChanging = before % 2 === 1;
    return isChanging || this.#version() !== before ? Buffer.alloc(0) : content;
  }

  /** The same, once the worker is gone. */
  unsent(received: number): Buffer {
    this.#read();
    const filled = this.#header.readUInt32LE(FILLED);
    const skipped = received - Number(this.#header.readBigUInt64LE(WRITTEN));
    if (skipped < 0 || skipped >= filled) return Buffer.alloc(0);
    const content = Buffer.alloc(filled - skipped);
    readSync(this.descriptor, content, 0, content.length, OUTBOX + skipped);
    return content;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  #version(): number {
    this.#read();
    return this.#header.readUInt32LE(VERSION);
  }

  #read(): void {
    readSync(this.descriptor, this.#header, 0, OUTBOX, 0);
  }

  #writeByte(at: number): void {
    this.#header.writeUInt8(this.#generation, at);
    writeSync(this.descriptor, this.#header, at, 1, at);
  }
}

function folderInMemory(): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    return IN_MEMORY;
  } catch {
    return tmpdir();
  }
}
