import type { PieceStream } from './piece-stream.ts';

/** What an event has that an HTTP request has not. Absent ones are empty or 0 for the handler. */
export interface EventAttributes {
  id?: string;
  contentType?: string;
  /** The path where it is not that of the target as it stands there. */
  path?: string;
  /** The event's own URL where it is not that of an HTTP request. */
  url?: string;
  type?: string;
  typeVersion?: string;
  version?: string;
  /** Topic, subject or queue that the event came from. */
  topic?: string;
  /** Partition or shard. */
  shardId?: number;
  numShards?: number;
  /** A number, or text where the source has no numbers. */
  offset?: number | string;
}

/** Method, target and head as they follow one another in a frame, for events that have the same ones again and again. */
export interface FramedText {
  method: string;
  target: string;
  head: Uint8Array;
  bytes: Uint8Array;
}

/** An event on its way from a trigger to a worker. */
export interface Event {
  /** Index of the trigger among those of the function; workers know its kind and name. */
  trigger: number;
  /** Milliseconds since 1970. */
  timestamp: number;
  method: string;
  /** Path and query. */
  target: string;
  /** Header lines, each `Name: value\r\n`, in ISO 8859-1; header names have any case. */
  head: Uint8Array | string;
  /** Heeded where it is of just this method, target and head. */
  framed?: FramedText | undefined;
  body: Uint8Array;
  /** The body, where it is still on its way; `body` is empty then. Only threads take it. */
  pieces?: PieceStream | undefined;
  attributes?: EventAttributes | undefined;
  /** Events with the same number go to the same worker; any worker takes those without. */
  worker?: number | undefined;
  /** Whether its trigger can pass on an answer in pieces. */
  takesStream?: boolean;
}

/** Why an event has no answer from its handler. */
export type Refusal = 'unavailable' | 'timeout' | 'died' | 'stopped';

/** An answer on its way from a worker to a trigger. */
export interface Answer {
  /** Set where the handler did not give this answer. */
  refusal?: Refusal | undefined;
  status: number;
  /** Header lines as in an event, with content-type, without content-length. */
  head: string;
  body: Uint8Array;
  /** The body, where it comes in pieces; `body` is empty then. */
  stream?: PieceStream | undefined;
  /** Microseconds that the handler took. */
  duration: number;
}
