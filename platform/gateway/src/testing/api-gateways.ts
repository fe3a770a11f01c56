import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import type { V1Service } from '@ampoule/platform-api/kube/types';
import { planApiGateways } from '../api-gateways.ts';
import { type CallOptions, startCaddy } from './caddy.ts';

/** Caddy before a function that answers with the headers that it got. */
export async function startApiGateways() {
  const server = createServer((request, response) => response.end(JSON.stringify(request.headers))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const service: V1Service = { spec: { clusterIP: '127.0.0.1', ports: [{ name: 'http', port }] } };
  const caddy = await startCaddy();

  return {
    caddy,
    /** Puts these specs into force, each as an API gateway of its name; one that cannot be served is an error. */
    async serve(specs: Record<string, object>): Promise<void> {
      const upstreams = [{ kind: 'nucliofunction', nucliofunction: { name: 'f' }, port }];
      const objects = Object.entries(specs).map(([name, spec]): RawObject => {
        return { metadata: { name, namespace: 'nuclio', uid: name }, spec: { host: `${name}.example`, upstreams, ...spec } };
      });
      const { routes, problems } = planApiGateways(objects, [], { findService: () => service });
      if (problems.size > 0) throw new Error([...problems.values()].join('; '));
      await caddy.setRoutes(routes);
    },
    /** Calls a gateway by its name. */
    async call(name: string, options: CallOptions = {}) {
      const { status, headers, body } = await caddy.call(`https://${name}.example/`, options);
      return { status, headers, body, seen: status === 200 ? (JSON.parse(body) as IncomingHttpHeaders) : {} };
    },
    async stop(): Promise<void> {
      await caddy.stop();
      server.close();
    },
  };
}

export type ApiGateways = Awaited<ReturnType<typeof startApiGateways>>;
