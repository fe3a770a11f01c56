import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { activityOf, readActivity } from './activity.ts';

const HANDLED = 'nuclio_processor_handled_events_total';

describe('the metrics of a processor', () => {
  it('are read line by line, also where braces stay open', () => {
    const metrics = `${'a{\n'.repeat(80_000)}${HANDLED}{result="success"} 5\nb{ }\n`;

    expect(readActivity(metrics)).toMatchObject({ handled: 5 });
  });

  it('count nothing by what is no count', () => {
    const values = ['NaN', '+Inf', '-Inf', '1e999', '1e300', '-3', 'x', '7'];
    const metrics = values.flatMap((value) => [`${HANDLED}{result="failure"} ${value}`, `ampoule_processor_events_in_hand ${value}`]);

    expect(readActivity(metrics.join('\n'))).toMatchObject({ handled: 7, failed: 7, inHand: 7 });
    expect(() => readActivity(`${HANDLED} NaN\n`)).toThrow(/hold no/);
  });
});

describe('a processor', () => {
  async function podThat(answers: (response: ServerResponse) => void) {
    const server = createServer((_request, response) => answers(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const port = String((server.address() as AddressInfo).port);
    return { metadata: { annotations: { 'nuclio.io/prometheus_pull_port': port } }, status: { podIP: '127.0.0.1' } };
  }

  it('is not listened to for longer than metrics can be', async () => {
    const pod = await podThat((response) => response.end(`${HANDLED} 5\n${'#'.repeat(2 ** 20)}`));

    await expect(activityOf(pod)).rejects.toThrow(/longer than 1048576 bytes/);
  });

  it('that refuses to answer has not answered', async () => {
    const pod = await podThat((response) => response.writeHead(503).write('no'));

    await expect(activityOf(pod)).rejects.toThrow(/answered 503/);
  });
});
