import { randomUUID } from 'node:crypto';

export interface Message {
  data?: string;
  attributes?: Record<string, string>;
  messageId: string;
  publishTime: string;
  orderingKey?: string;
}

interface Entry {
  message: Message;
  ackId: string;
  /** Until when it is kept from others. */
  due: number;
  attempts: number;
}

const MS_PER_SECOND = 1000;

/** One subscription: what is not acknowledged, and who has it until when. */
export class Subscription {
  readonly topic: string;
  readonly ackDeadlineSeconds: number;
  readonly isOrdered: boolean;
  /** As given when it was made. */
  readonly settings: Record<string, unknown>;
  #entries: Entry[] = [];
  #shiftMs = 0;

  constructor(settings: Record<string, unknown>) {
    this.settings = settings;
    this.topic = String(settings.topic);
    this.ackDeadlineSeconds = Number(settings.ackDeadlineSeconds ?? 10);
    this.isOrdered = settings.enableMessageOrdering === true;
  }

  /** Messages that are not acknowledged. */
  get size(): number {
    return this.#entries.length;
  }

  /** As if that time had passed. */
  pass(milliseconds: number): void {
    this.#shiftMs += milliseconds;
  }

  add(message: Message): void {
    this.#entries.push({ message, ackId: '', due: 0, attempts: 0 });
  }

  pull(most: number): { ackId: string; message: Message; deliveryAttempt: number }[] {
    const now = this.#now();
    const held = new Set<string>();
    const taken: Entry[] = [];
    for (const entry of this.#entries) {
      if (taken.length === most) break;
      const key = this.isOrdered ? entry.message.orderingKey : undefined;
      const isHeld = entry.due > now || (key !== undefined && held.has(key));
      if (isHeld && key !== undefined) held.add(key);
      if (!isHeld) taken.push(entry);
    }
    return taken.map((entry) => {
      entry.ackId = randomUUID();
      entry.due = now + this.ackDeadlineSeconds * MS_PER_SECOND;
      entry.attempts += 1;
      return { ackId: entry.ackId, message: entry.message, deliveryAttempt: entry.attempts };
    });
  }

  /** Those whose time has run out are ignored. */
  acknowledge(ackIds: readonly string[]): void {
    const now = this.#now();
    this.#entries = this.#entries.filter(({ ackId, due }) => !(ackIds.includes(ackId) && due > now));
  }

  modifyAckDeadline(ackIds: readonly string[], seconds: number): void {
    const now = this.#now();
    for (const entry of this.#entries) {
      if (ackIds.includes(entry.ackId) && entry.due > now) entry.due = now + seconds * MS_PER_SECOND;
    }
  }

  #now(): number {
    return Date.now() + this.#shiftMs;
  }
}
