import type { Route } from './routes.ts';
import { path } from './routes.ts';

interface StatusOptions {
  isReady: () => boolean;
  metrics: () => Promise<string>;
}

/** GET /healthz for the kubelet, and /metrics for Prometheus. */
export function statusRoutes({ isReady, metrics }: StatusOptions): Route[] {
  return [
    { method: 'GET', path: path('/healthz'), handle: async () => ({ status: isReady() ? 200 : 503, body: { ready: isReady() } }) },
    {
      method: 'GET',
      path: path('/metrics'),
      handle: async () => ({
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        body: Buffer.from(await metrics()),
      }),
    },
  ];
}
