import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { supportedScaleMetricsOf } from '@ampoule/platform-api/scale-metrics';
import * as z from 'zod';
import { type ApiRoute, defineRoute } from '../http/route.ts';
import type { Settings } from '../settings.ts';

const names = z.array(z.string());
const objects = z.array(z.looseObject({}));
const frontendSpecSchema = z.looseObject({
  externalIPAddresses: names,
  namespace: z.string(),
  defaultHTTPIngressHostTemplate: z.string(),
  imageNamePrefixTemplate: z.string(),
  scaleToZero: z.looseObject({ mode: z.string(), inactivityWindowPresets: names, scaleResources: objects }),
  defaultFunctionConfig: z.object({ attributes: z.looseObject({}) }),
  platformKind: z.string(),
  allowedAuthenticationModes: names,
  validFunctionPriorityClassNames: names,
  defaultFunctionPodResources: z.looseObject({}),
  /** By what functions can be scaled; those without a `sourceType` are counted by their processors. */
  autoScaleMetrics: objects,
  disableDefaultHttpTrigger: z.boolean(),
  logsScreenEnabled: z.boolean(),
});

/** What clients ask for to know with whom they speak. */
export function aboutRoutes({ version, namespace, ingressHosts }: Settings, platform: PlatformConfig): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      url: '/api/versions',
      summary: 'The version of the dashboard.',
      status: 200,
      answer: z.object({ dashboard: z.object({ label: z.string(), gitCommit: z.string(), os: z.string(), arch: z.string() }) }),
      handle: async () => ({ dashboard: { label: version, gitCommit: '', os: process.platform, arch: process.arch } }),
    }),
    defineRoute({
      method: 'GET',
      url: '/api/namespaces',
      summary: 'The namespaces in which functions can be.',
      status: 200,
      answer: z.object({ namespaces: z.object({ names }) }),
      handle: async () => ({ namespaces: { names: [namespace] } }),
    }),
    defineRoute({
      method: 'GET',
      url: '/api/external_ip_addresses',
      summary: 'The names and addresses under which functions are reached.',
      status: 200,
      answer: z.object({ externalIPAddresses: z.object({ addresses: names }) }),
      handle: async () => ({ externalIPAddresses: { addresses: ingressHosts } }),
    }),
    defineRoute({
      method: 'GET',
      url: '/api/frontend_spec',
      summary: 'What a user interface has to know of the platform.',
      status: 200,
      answer: frontendSpecSchema,
      handle: async () => ({
        externalIPAddresses: ingressHosts,
        namespace,
        defaultHTTPIngressHostTemplate: platform.kube.defaultHTTPIngressHostTemplate,
        imageNamePrefixTemplate: '',
        scaleToZero: {
          mode: platform.scaleToZero.mode,
          inactivityWindowPresets: platform.scaleToZero.inactivityWindowPresets,
          scaleResources: platform.scaleToZero.scaleResources,
        },
        defaultFunctionConfig: { attributes: { spec: { runtime: 'nodejs', handler: 'main:handler', minReplicas: 1, maxReplicas: 1 } } },
        platformKind: 'kube',
        allowedAuthenticationModes: platform.ingressConfig.allowedAuthenticationModes,
        validFunctionPriorityClassNames: platform.kube.validFunctionPriorityClassNames,
        defaultFunctionPodResources: platform.kube.defaultFunctionPodResources,
        autoScaleMetrics: supportedScaleMetricsOf(platform),
        disableDefaultHttpTrigger: platform.disableDefaultHTTPTrigger,
        logsScreenEnabled: true,
      }),
    }),
  ];
}
