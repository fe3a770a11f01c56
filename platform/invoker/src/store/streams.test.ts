import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { openStore, startNats } from '../testing/invoker.ts';
import { streams, subjects } from './streams.ts';

it('a bound that is lower than what a function has in a queue drops nothing, and takes no more', async () => {
  const nats = await startNats();
  const connection = await connect({ servers: nats.url.replace('nats://', '') });
  onTestFinished(() => connection.close());
  const manager = await jetstreamManager(connection);
  const unbounded = { retention: RetentionPolicy.Workqueue, storage: StorageType.File, discard: DiscardPolicy.New };
  const queues = { [streams.callbacks]: subjects.callback, [streams.jobs]: subjects.job };
  const write = (subject: string) => manager.jetstream().publish(subject);
  for (const [name, subjectOf] of Object.entries(queues)) {
    await manager.streams.add({ ...unbounded, name, subjects: [subjectOf()] });
    for (let i = 0; i < 12; i++) await write(subjectOf('nuclio/f'));
  }

  const { close } = await openStore(nats, { AMPOULE_MAX_QUEUED_PER_FUNCTION: '5' });
  onTestFinished(close);

  for (const [name, subjectOf] of Object.entries(queues)) {
    expect((await manager.streams.info(name)).state.messages).toBe(12);
    await expect(write(subjectOf('nuclio/f'))).rejects.toThrow('maximum messages per subject');
    await write(subjectOf('nuclio/g'));
  }
});
