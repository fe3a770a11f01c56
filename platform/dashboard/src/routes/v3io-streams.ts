import { dashboardError } from '../errors.ts';
import { headers } from '../headers.ts';
import { type ApiRoute, defineRoute } from '../http/route.ts';

/** /api/v3io_streams: the streams of Iguazio's data platform, which is no part of this one. */
export function v3ioStreamRoutes(): ApiRoute[] {
  const refuse = async () => {
    throw dashboardError('AMP_NOT_SUPPORTED', {
      what: 'V3IO streams are not supported',
      fix: 'Use a trigger of another kind, such as kafka-cluster, nats or rabbit-mq.',
    });
  };
  const shared = { headers: [headers.projectName], status: 200, failures: [501], handle: refuse } as const;
  return [
    defineRoute({ ...shared, method: 'GET', url: '/api/v3io_streams', summary: 'Not supported: streams of Iguazio.' }),
    defineRoute({
      ...shared,
      method: 'POST',
      url: '/api/v3io_streams/get_shard_lags',
      summary: 'Not supported: lags of streams of Iguazio.',
    }),
  ];
}
