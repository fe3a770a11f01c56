import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PubSub } from '../../../../../airgap-tests/brokers/pubsub.ts';
import { serviceAccountOf, TokenSource } from './credentials.ts';

let pubsub: PubSub;
let tokens: TokenSource;

beforeAll(async () => {
  pubsub = await PubSub.start();
  const contents = pubsub.accounts.create('reader', pubsub.tokenUri);
  tokens = new TokenSource(await serviceAccountOf({ credentials: { contents } }));
});

afterAll(() => pubsub.stop());

describe('TokenSource', () => {
  it('gets one other token where calls find out one after the other that theirs was revoked', async () => {
    const first = await tokens.get();

    tokens.drop(first);
    const second = tokens.get();
    tokens.drop(first);
    const third = tokens.get();

    expect(await third).toBe(await second);
    expect(await second).not.toBe(first);
    expect(pubsub.accounts.given('reader')).toBe(2);
  });
});
