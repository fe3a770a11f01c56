import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { ApiGatewayStore } from './api-gateway-store.ts';
import { FunctionEventStore } from './function-event-store.ts';
import { FunctionStore } from './function-store.ts';
import { PodStore } from './pod-store.ts';
import { ProjectStore } from './project-store.ts';
import { SecretStore } from './secret-store.ts';

/** All that the API reads and writes in the cluster. */
export interface Stores {
  functions: FunctionStore;
  projects: ProjectStore;
  gateways: ApiGatewayStore;
  events: FunctionEventStore;
  pods: PodStore;
  secrets: SecretStore;
}

export function makeStores(client: KubeClient, platform: PlatformConfig, warmNamespace: string | undefined): Stores {
  const projects = new ProjectStore(client);
  const gateways = new ApiGatewayStore(client, projects, platform);
  const events = new FunctionEventStore(client);
  const functions = new FunctionStore({ client, platform, projects, gateways, events });
  return { functions, projects, gateways, events, pods: new PodStore(client, warmNamespace), secrets: new SecretStore(client) };
}
