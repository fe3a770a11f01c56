import type { FastifyInstance } from 'fastify';
import type { Settings } from '../settings.ts';

/** What clients ask for to know with whom they speak. */
export function aboutRoutes(app: FastifyInstance, { version, namespace, ingressHosts }: Settings): void {
  app.get('/api/versions', async () => ({ dashboard: { label: version, gitCommit: '', os: process.platform, arch: process.arch } }));
  app.get('/api/namespaces', async () => ({ namespaces: { names: [namespace] } }));
  app.get('/api/external_ip_addresses', async () => ({ externalIPAddresses: { addresses: ingressHosts } }));
  app.get('/api/frontend_spec', async () => ({
    externalIPAddresses: ingressHosts,
    namespace,
    defaultHTTPIngressHostTemplate: '',
    imageNamePrefixTemplate: '',
    scaleToZero: { mode: 'disabled' },
    defaultFunctionConfig: { attributes: { spec: { runtime: 'nodejs' } } },
    platformKind: 'kube',
    allowedAuthenticationModes: ['none'],
    validFunctionPriorityClassNames: [],
    autoScaleMetrics: [],
    disableDefaultHttpTrigger: false,
  }));
}
