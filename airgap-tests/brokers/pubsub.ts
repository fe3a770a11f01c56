import { setTimeout as sleep } from 'node:timers/promises';
import { type FakeAnswer, type FakeRequest, FakeServer } from './fake-server.ts';
import { Accounts } from './pubsub/accounts.ts';
import { type Message, Subscription } from './pubsub/subscription.ts';

const PULL_HOLD_MS = 3000;
const POLL_MS = 5;
const MOST_ATTRIBUTE_BYTES = 1024;
const STATUS: Record<string, number> = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
};

type Fields = Record<string, unknown>;

/**
 * A FAKE of Google Cloud Pub/Sub over REST and of the server for its tokens, by their public documentation: there is no server of it to
 * run. It checks assertions and tokens, lets ack deadlines run out and hands messages over again, keeps the order of ordering keys and
 * answers with the service's errors. https://cloud.google.com/pubsub/docs/reference/rest
 */
export class PubSub {
  readonly accounts = new Accounts();
  readonly topics = new Set<string>();
  readonly subscriptions = new Map<string, Subscription>();
  /** How many of the next calls of a method, such as `pull`, fail, and how. */
  readonly failing = new Map<string, { status: string; count: number }>();
  /** Calls of each method so far. */
  readonly calls = new Map<string, number>();
  #server: FakeServer | undefined;
  #messages = 0;

  static async start(): Promise<PubSub> {
    const pubsub = new PubSub();
    pubsub.#server = await FakeServer.start((request) => pubsub.#answer(request));
    return pubsub;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  get tokenUri(): string {
    return `${this.url}/token`;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** Makes a topic of the test project. */
  topic(name: string): string {
    const topic = `projects/test-project/topics/${name}`;
    this.topics.add(topic);
    return topic;
  }

  subscription(id: string): Subscription {
    const found = this.subscriptions.get(`projects/test-project/subscriptions/${id}`);
    if (found === undefined) throw new Error(`no subscription ${id}, only ${[...this.subscriptions.keys()].join(', ')}`);
    return found;
  }

  publish(topic: string, messages: readonly Omit<Message, 'messageId' | 'publishTime'>[]): string[] {
    return messages.map((message) => {
      this.#messages += 1;
      const messageId = String(this.#messages);
      const publishTime = new Date().toISOString();
      for (const subscription of this.subscriptions.values()) {
        if (subscription.topic === topic) subscription.add({ ...message, messageId, publishTime });
      }
      return messageId;
    });
  }

  async #answer({ method, path, headers, body, isGone }: FakeRequest): Promise<FakeAnswer> {
    if (path === '/token') return this.accounts.token(body, this.tokenUri);
    try {
      const problem = this.accounts.problem(headers.authorization);
      if (problem !== undefined) throw new Refusal(problem, MESSAGES[problem]);
      const [, name = '', verb = method] = /^\/v1\/([^:]+)(?::(\w+))?$/.exec(decodeURI(path)) ?? [];
      this.calls.set(verb, (this.calls.get(verb) ?? 0) + 1);
      const failing = this.failing.get(verb);
      if (failing !== undefined && failing.count > 0) {
        failing.count -= 1;
        throw new Refusal(failing.status, `${verb} fails for this test`);
      }
      return answerOf(200, await this.#perform(verb, name, body === '' ? {} : JSON.parse(body), isGone));
    } catch (error) {
      const { status, message } = error instanceof Refusal ? error : new Refusal('INTERNAL', String(error));
      const code = STATUS[status] ?? 500;
      return answerOf(code, { error: { code, message, status } });
    }
  }

  async #perform(verb: string, name: string, fields: Fields, isGone: () => boolean): Promise<Fields> {
    const ackIds = Array.isArray(fields.ackIds) ? fields.ackIds.map(String) : [];
    switch (verb) {
      case 'PUT':
        return this.#create(name, fields);
      case 'GET':
        if (!this.topics.has(name)) throw new Refusal('NOT_FOUND', `Resource not found (resource=${name.split('/').at(-1)}).`);
        return { name };
      case 'publish':
        return { messageIds: this.#publish(name, fields) };
      case 'pull':
        return this.#pull(this.#subscription(name), Number(fields.maxMessages ?? 0), isGone);
      case 'acknowledge':
        if (ackIds.length === 0) throw new Refusal('INVALID_ARGUMENT', 'No ack ids specified.');
        this.#subscription(name).acknowledge(ackIds);
        return {};
      case 'modifyAckDeadline': {
        const seconds = Number(fields.ackDeadlineSeconds);
        if (!(seconds >= 0 && seconds <= 600)) throw new Refusal('INVALID_ARGUMENT', 'Invalid ack deadline given (ack_deadline_seconds).');
        this.#subscription(name).modifyAckDeadline(ackIds, seconds);
        return {};
      }
      default:
        throw new Refusal('UNIMPLEMENTED', verb);
    }
  }

  #create(name: string, fields: Fields): Fields {
    const { topic, ackDeadlineSeconds: seconds = 10 } = fields;
    if (!this.topics.has(String(topic)))
      throw new Refusal('NOT_FOUND', `Resource not found (resource=${String(topic).split('/').at(-1)}).`);
    if (this.subscriptions.has(name)) throw new Refusal('ALREADY_EXISTS', `Resource already exists in the project (resource=${name}).`);
    if (!(Number(seconds) >= 10 && Number(seconds) <= 600)) throw new Refusal('INVALID_ARGUMENT', 'Invalid ack deadline given.');
    if (!/\/subscriptions\/[A-Za-z][\w.~+%-]{2,254}$/.test(name))
      throw new Refusal('INVALID_ARGUMENT', `Invalid [subscriptions] name: ${name}`);
    this.subscriptions.set(name, new Subscription(fields));
    return { name, ...fields };
  }

  #publish(topic: string, { messages }: Fields): string[] {
    if (!this.topics.has(topic)) throw new Refusal('NOT_FOUND', `Resource not found (resource=${topic.split('/').at(-1)}).`);
    const list = (messages ?? []) as Message[];
    const isLarge = list.some(({ attributes = {} }) =>
      Object.values(attributes).some((each) => Buffer.byteLength(each) > MOST_ATTRIBUTE_BYTES),
    );
    if (isLarge) throw new Refusal('INVALID_ARGUMENT', 'An attribute value is too long.');
    return this.publish(topic, list);
  }

  /** Holds the answer until there is a message, for a while. */
  async #pull(subscription: Subscription, most: number, isGone: () => boolean): Promise<Fields> {
    if (!(most > 0)) throw new Refusal('INVALID_ARGUMENT', 'max_messages must be greater than zero.');
    const until = Date.now() + PULL_HOLD_MS;
    while (!isGone()) {
      const receivedMessages = subscription.pull(most);
      if (receivedMessages.length > 0) return { receivedMessages };
      if (Date.now() > until) return {};
      await sleep(POLL_MS);
    }
    return {};
  }

  #subscription(name: string): Subscription {
    const found = this.subscriptions.get(name);
    if (found !== undefined) return found;
    throw new Refusal('NOT_FOUND', `Resource not found (resource=${name.split('/').at(-1)}).`);
  }
}

const MESSAGES = {
  UNAUTHENTICATED:
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  PERMISSION_DENIED: 'User not authorized to perform this action.',
};

function answerOf(status: number, body: Fields): FakeAnswer {
  return { status, body: JSON.stringify(body), contentType: 'application/json' };
}

class Refusal extends Error {
  readonly status: string;

  constructor(status: string, message: string) {
    super(message);
    this.status = status;
  }
}
