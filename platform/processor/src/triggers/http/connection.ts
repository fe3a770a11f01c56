import type { Socket } from 'node:net';
import type { Answer, FramedText } from '../../engine/event.ts';
import type { PieceStream } from '../../engine/piece-stream.ts';
import { ShortAnswer } from '../../engine/short-answer.ts';
import { giveBack, memoryFor } from './body-memory.ts';
import { type HeadLimits, HeadReader } from './head-reader.ts';
import { IDLE_LIMITS, type LingerLimits, linger } from './linger.ts';
import { passOn } from './pass-on.ts';
import { received, receiveInPlace } from './receive.ts';
import type { HeadFacts, RequestLine } from './request-head.ts';
import { statusLines } from './status-line.ts';
import { writeText } from './write-text.ts';

export interface Request extends RequestLine {
  /** Header lines, `Name: value\r\n` each; a view that stays as it is. */
  head: Buffer;
  facts: HeadFacts;
  /** Set where the same head comes again and again. */
  framed?: FramedText | undefined;
  body: Buffer;
  /** The body, where it is still on its way. */
  pieces?: PieceStream;
}

/** Answers a request, at once or later; the header lines beside the answer's own are of the server. */
export type Send = (answer: Answer, extraHead: string) => void;

export interface ConnectionOptions extends HeadLimits {
  /** Whether a request may be begun before its body is here. */
  streams: boolean;
  /** How long a client may take nothing of an answer in pieces, in milliseconds. */
  answerTimeoutMs: number;
  /** Takes a request; the answer may come at once. */
  request(request: Request, send: Send): void;
  /** Takes over a connection that asks for more than a plain request. It is paused, and what was read is put back into it. */
  handOver(socket: Socket): void;
  isDraining(): boolean;
  closed(): void;
}

/** In numbers of sweeps. */
export interface SweepLimits {
  idle: number;
  reading: number;
}

const CLOSE = 'connection: close\r\n';
const END = '\r\n\r\n';
const EMPTY = Buffer.alloc(0);
/** Answers up to this size are written as one string, larger ones in two parts. */
const ONE_WRITE = 16_384;
/** Reads from this size on are looked at before they are copied. */
const LARGE = 16_384;

/**
 * Serves the plain requests of a connection, one after the other. It is here because the general server of Node.js spends most of its
 * time on making objects that events do not need.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #heads: HeadReader;
  /** What has come and is not yet part of a request. */
  #chunks: Buffer[] = [];
  #size = 0;
  #isBusy = false;
  #keepAlive = true;
  #isHalfClosed = false;
  /** Handed over, or at its end: what comes is not for this any more. */
  #isDone = false;
  /** Sweeps since something last happened. */
  #quiet = 0;
  /** What the body of the request in hand lies in, where that came in parts. */
  #memory: Buffer | undefined;
  /** A request whose head is here and whose body is not. */
  #reading: { request: Request; filled: number } | undefined;

  /** The socket must have been accepted with `pauseOnConnect`. */
  constructor(accepted: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#heads = new HeadReader(options);
    const socket = receiveInPlace(accepted, this.#read);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.once('close', () => {
      // The server counts the sockets that it accepted.
      accepted.destroy();
      options.closed();
    });
    socket.on('end', this.#halfClose);
    socket.on('error', () => socket.destroy());
  }

  /** Ends the connection where no request is in hand. */
  closeIfIdle(): void {
    if (!this.#isBusy && !this.#isDone && this.#size === 0 && this.#reading === undefined) this.#end(IDLE_LIMITS);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Called at an interval; ends what has been quiet for too many of them. */
  sweep(limits: SweepLimits): void {
    // One that is done is ended by other limits.
    if (this.#isBusy || this.#isDone) return;
    this.#quiet += 1;
    const limit = this.#size === 0 && this.#reading === undefined ? limits.idle : limits.reading;
    if (this.#quiet > limit) this.close();
  }

  #read = (length: number): void => {
    if (this.#isDone) return;
    if (this.#size === 0 && !this.#isBusy && this.#reading === undefined) {
      const request = this.#heads.readAgain(length);
      if (request !== undefined) {
        this.#begin(request);
        return;
      }
    }
    const bytes = received.subarray(0, length);
    const rest = this.#reading === undefined ? bytes : this.#fill(this.#reading, bytes);
    // A body that is whole may have been answered at once, and with the last answer nothing more is read.
    if (rest.length === 0 || this.#isDone) return;
    // A client that sends a request byte by byte does not count as active.
    if (this.#size === 0) this.#quiet = 0;
    // Most of a large request goes to its place at once.
    if (rest.length > LARGE && this.#size === 0 && !this.#isBusy && this.#beginReading(rest)) return;
    const chunk = Buffer.from(rest);
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#isBusy) {
      if (this.#size > this.#options.maxHead) this.#socket.pause();
    } else this.#next();
  };

  /** Copies bytes to their place in a body, and gives those behind its end. */
  #fill(reading: { request: Request; filled: number }, bytes: Buffer): Buffer {
    const { request } = reading;
    const taken = bytes.copy(request.body, reading.filled);
    reading.filled += taken;
    if (reading.filled === request.body.length) {
      this.#reading = undefined;
      this.#begin(request);
    }
    return bytes.subarray(taken);
  }

  #halfClose = (): void => {
    this.#isHalfClosed = true;
    if (!this.#isBusy) this.#socket.end();
  };

  #joined(): Buffer {
    const [first = EMPTY] = this.#chunks;
    return this.#chunks.length <= 1 ? first : Buffer.concat(this.#chunks, this.#size);
  }

  #keep(buffer: Buffer): void {
    this.#chunks = buffer.length === 0 ? [] : [buffer];
    this.#size = buffer.length;
  }

  /** Begins the next request, if all of it is here. */
  #next(): void {
    const buffer = this.#joined();
    this.#keep(buffer);
    const end = buffer.indexOf(END);
    if (end < 0) {
      if (buffer.length > this.#options.maxHead) this.#handOver();
      return;
    }
    const request = this.#heads.read(buffer, end);
    const bodyAt = end + END.length;
    const requestEnd = bodyAt + (request?.facts.contentLength ?? 0);
    if (request === undefined || (buffer.length < requestEnd && this.#options.streams)) {
      this.#handOver();
      return;
    }
    if (buffer.length < requestEnd) {
      this.#readBody(request, buffer.subarray(bodyAt));
      this.#keep(EMPTY);
      return;
    }
    this.#keep(buffer.length === requestEnd ? EMPTY : buffer.subarray(requestEnd));
    this.#begin({ ...request, body: bodyAt === requestEnd ? EMPTY : buffer.subarray(bodyAt, requestEnd) });
  }

  /** Begins to read the body of the request that comes first here; false where that is no plain one, or ends here. */
  #beginReading(bytes: Buffer): boolean {
    const end = bytes.indexOf(END);
    const request = this.#options.streams || end < 0 ? undefined : this.#heads.read(bytes, end);
    const body = bytes.subarray(end + END.length);
    if (request === undefined || body.length >= request.facts.contentLength) return false;
    this.#readBody({ ...request, head: Buffer.from(request.head) }, body);
    return true;
  }

  #readBody(request: Omit<Request, 'body'>, first: Buffer): void {
    const body = memoryFor(request.facts.contentLength);
    this.#memory = body;
    this.#reading = { request: { ...request, body }, filled: first.copy(body) };
  }

  #begin(request: Request): void {
    this.#isBusy = true;
    this.#keepAlive = request.facts.keepAlive;
    this.#options.request(request, this.#answer);
  }

  #answer = (answer: Answer, extraHead: string): void => {
    if (this.#memory !== undefined) giveBack(this.#memory);
    this.#memory = undefined;
    const { stream, status } = answer;
    if (stream !== undefined && hasBody(status)) {
      this.#answerInPieces(answer, stream, extraHead);
      return;
    }
    stream?.abort();
    this.#answerAtOnce(answer, extraHead);
  };

  #answerAtOnce(answer: Answer, extraHead: string): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const { status } = answer;
    const isLast = this.#isLast();
    const start = `${statusLines(status)}${answer.head}${extraHead}${isLast ? CLOSE : ''}`;
    if (!hasBody(status)) writeText(socket, `${start}\r\n`);
    else {
      const body = answer instanceof ShortAnswer ? answer.bodyText : answer.body;
      const head = `${start}content-length: ${body.length}\r\n\r\n`;
      if (typeof body === 'string') writeText(socket, head + body);
      else if (body.length <= ONE_WRITE) writeText(socket, head + latin1(body));
      else {
        socket.cork();
        socket.write(head, 'latin1');
        socket.write(body);
        socket.uncork();
      }
    }
    this.#goOn(isLast);
  }

  #answerInPieces({ status, head }: Answer, stream: PieceStream, extraHead: string): void {
    const socket = this.#socket;
    if (socket.destroyed) {
      stream.abort();
      return;
    }
    const isLast = this.#isLast();
    socket.write(`${statusLines(status)}${head}${extraHead}${isLast ? CLOSE : ''}transfer-encoding: chunked\r\n\r\n`, 'latin1');
    passOn(stream, {
      client: socket,
      timeoutMs: this.#options.answerTimeoutMs,
      write(bytes, taken) {
        socket.cork();
        socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
        socket.write(bytes);
        socket.write('\r\n', 'latin1', taken);
        socket.uncork();
      },
      end: () => {
        socket.write('0\r\n\r\n', 'latin1');
        this.#goOn(isLast);
      },
    });
  }

  #isLast(): boolean {
    return !this.#keepAlive || this.#isHalfClosed || this.#options.isDraining();
  }

  /** After an answer: on to the next request, or to the end of the connection. */
  #goOn(isLast: boolean): void {
    const socket = this.#socket;
    this.#isBusy = false;
    this.#quiet = 0;
    if (isLast) {
      this.#end();
      return;
    }
    if (socket.isPaused()) socket.resume();
    if (this.#size > 0) this.#next();
  }

  #end(limits?: LingerLimits): void {
    this.#isDone = true;
    linger(this.#socket, limits);
  }

  #handOver(): void {
    const socket = this.#socket;
    this.#isDone = true;
    socket.off('end', this.#halfClose);
    socket.pause();
    if (this.#size > 0) socket.unshift(this.#joined());
    this.#options.handOver(socket);
  }
}

/** RFC 9112, section 6.3: what follows the head of any other answer would be taken for the next one. */
function hasBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
