import { describe, expect, it } from 'vitest';
import { kafkaAttributesOf, unreadAttributes } from './attributes.ts';
import { pemOf } from './secrets.ts';

const LEAST = { brokers: ['a:9092'], topics: ['orders'], consumerGroup: 'shop' };

function attributesOf(attributes: object, config: object = {}, annotations: Record<string, string> = {}) {
  return kafkaAttributesOf({ kind: 'kafka-cluster', attributes: { ...attributes }, ...config }, 'events', annotations);
}

describe('the attributes of a Kafka trigger', () => {
  it('have the defaults of Nuclio', () => {
    expect(attributesOf(LEAST)).toMatchObject({
      initialOffset: 'latest',
      balanceStrategy: 'range',
      sessionTimeout: 10_000,
      heartbeatInterval: 3000,
      rebalanceTimeout: 60_000,
      maxWaitHandlerDuringRebalance: 5000,
      maxWaitTime: 250,
      fetchMin: 1,
      fetchDefault: 1_048_576,
      ackWindowSize: 0,
      workerAllocationMode: 'pool',
      explicitAckMode: 'disable',
      sasl: { enable: false },
      tls: { enable: false, minimumVersion: '1.2' },
    });
  });

  it('may be written in any case, and numbers and switches as text', () => {
    const { sasl, ...rest } = attributesOf({
      ...LEAST,
      INITIALOFFSET: 'Earliest',
      ackwindowsize: '5',
      Sasl: { Enable: 'true', User: 'alice', mechanism: 'scram-sha-256' },
    });

    expect(rest).toMatchObject({ initialOffset: 'earliest', ackWindowSize: 5 });
    expect(sasl).toMatchObject({ enable: true, user: 'alice', mechanism: 'SCRAM-SHA-256' });
  });

  it('name the broker by the url of the trigger as well', () => {
    expect(attributesOf({ topics: 'a, b', consumerGroup: 'shop' }, { url: 'kafka:9092' })).toMatchObject({
      brokers: ['kafka:9092'],
      topics: ['a', 'b'],
    });
  });

  it('come from annotations of the function too, but what the trigger says wins', () => {
    const annotations = {
      'nuclio.io/kafka-session-timeout': '20s',
      'nuclio.io/kafka-fetch-min': '7',
      'nuclio.io/kafka-window-size': '3',
      'nuclio.io/kafka-access-cert': 'certificate',
      'nuclio.io/kafka-sasl-enabled': 'true',
      'nuclio.io/kafka-sasl-user': 'alice',
      'nuclio.io/kafka-sasl-oauth-client-id': 'client',
      'nuclio.io/kafka-tls-insecure-skip-verify': 'true',
      'nuclio.io/kafka-explicit-ack-mode': 'enable',
      'nuclio.io/wait-explicit-ack-during-rebalance-timeout': '1s',
      'nuclio.io/state': 'ready',
    };

    expect(attributesOf({ ...LEAST, FetchMin: 9, sasl: { USER: 'bob' } }, {}, annotations)).toMatchObject({
      sessionTimeout: 20_000,
      fetchMin: 9,
      ackWindowSize: 3,
      accessCertificate: 'certificate',
      sasl: { enable: true, user: 'bob', oauth: { clientID: 'client' } },
      tls: { insecureSkipVerify: true },
      explicitAckMode: 'enable',
      waitExplicitAckDuringRebalanceTimeout: 1000,
    });
  });

  it('tell of every mistake at once', () => {
    const wrong = {
      brokers: ['kafka://a'],
      initialOffset: 'middle',
      balanceStrategy: 'fair',
      maxWaitTime: 'soon',
      ackWindowSize: -1,
      sasl: { enable: true, mechanism: 'GSSAPI' },
      tls: { minimumVersion: '1.0' },
      deadLetter: { queue: 'dead' },
    };

    const mistakes = (() => {
      try {
        attributesOf(wrong);
        return '';
      } catch (error) {
        return String(error);
      }
    })();

    for (const name of ['brokers.0', 'topics', 'consumerGroup', 'initialOffset', 'balanceStrategy', 'maxWaitTime', 'ackWindowSize']) {
      expect(mistakes).toContain(`  ${name}: `);
    }
    for (const name of ['sasl.mechanism', 'tls.minimumVersion', 'deadLetter']) expect(mistakes).toContain(`  ${name}`);
  });

  it.each([
    [{ heartbeatInterval: '10s' }, 'heartbeatInterval'],
    [{ maxWaitHandlerDuringRebalance: '60s' }, 'maxWaitHandlerDuringRebalance'],
    [{ deadLetter: { topic: 'orders' } }, 'deadLetter.topic'],
    [{ sasl: { enable: true, user: 'alice', handshake: false } }, 'sasl.handshake'],
    [{ sasl: { enable: true, mechanism: 'OAUTHBEARER' } }, 'sasl.oauth.tokenURL'],
    [{ sasl: { enable: true } }, 'sasl.user'],
  ])('are refused where they cannot work together: %o', (attributes, name) => {
    expect(() => attributesOf({ ...LEAST, ...attributes })).toThrow(name);
  });
});

describe('unreadAttributes', () => {
  it('names what has no effect', () => {
    const attributes = { Topics: [], retry: {}, channelBufferSize: 256, topcis: ['orders'] };

    expect(unreadAttributes({ kind: 'kafka-cluster', attributes })).toEqual(['channelBufferSize', 'topcis']);
  });
});

describe('pemOf', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----\n';

  it.each(['@', ' '])('gives back the lines of PEM that has "%s" in their place', (separator) => {
    expect(
      pemOf(
        pem.trim().replaceAll('PRIVATE KEY', 'PRIVATE_KEY').replaceAll('\n', separator).replaceAll('PRIVATE_KEY', 'PRIVATE KEY'),
      ).trim(),
    ).toBe(pem.trim());
  });

  it('leaves PEM with lines as it is', () => {
    expect(pemOf(pem)).toBe(pem);
  });
});
