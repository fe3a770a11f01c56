import { aliasSchema } from '@ampoule/platform-api/alias';
import {
  type ApiGateway,
  apiGatewaySpecSchema,
  enrichApiGateway,
  upstreamFunctionsOf,
  validateApiGateway,
} from '@ampoule/platform-api/api-gateway';
import { addressOf } from '@ampoule/platform-api/api-gateway-address';
import { defaults, labels } from '@ampoule/platform-api/constants';
import { platformError } from '@ampoule/platform-api/errors';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { dashboardError, invalidRequest } from '../errors.ts';
import { keepingAlias } from './alias-view.ts';
import { GatewaySecrets } from './gateway-secrets.ts';
import type { Sealed } from './kept-secrets.ts';
import type { ProjectStore } from './project-store.ts';
import { type Draft, exportedOf, ResourceStore, type Stored, storedSchema } from './resource-store.ts';

/** The API gateways of the cluster. Whatever writes one, its password is taken out of it before. */
export class ApiGatewayStore extends ResourceStore<Stored> {
  readonly #client: KubeClient;
  readonly #projects: ProjectStore;
  readonly #secrets: GatewaySecrets;

  constructor(client: KubeClient, projects: ProjectStore, { sensitiveFields }: Pick<PlatformConfig, 'sensitiveFields'>) {
    super({
      client,
      resource: resources.apiGateways,
      schema: storedSchema,
      texts: { notFound: 'API gateway not found', exists: 'API gateway already exists', stale: 'API gateway resource version is stale' },
      codes: { notFound: 'AMP_RESOURCE_NOT_FOUND', exists: 'AMP_RESOURCE_EXISTS', stale: 'AMP_RESOURCE_STALE' },
    });
    this.#client = client;
    this.#projects = projects;
    this.#secrets = new GatewaySecrets(client, sensitiveFields.maskSensitiveFields);
  }

  override async create(draft: Draft): Promise<Stored> {
    const sealed = await this.#secrets.seal(draft);
    const stored = await super.create(sealed.draft).catch(async (error: unknown) => {
      await this.#secrets.discard(sealed, error);
      throw error;
    });
    await this.#secrets.adopt(sealed, stored);
    return stored;
  }

  override async update(namespace: string, name: string, change: (current: Stored) => Draft | Promise<Draft>): Promise<Stored> {
    let written: { sealed: Sealed; before: Stored } | undefined;
    const seal = async (current: Stored) => {
      if (written !== undefined) await this.#secrets.discard(written.sealed);
      written = undefined;
      written = { sealed: await this.#secrets.seal(await change(current), current), before: current };
      return written.sealed.draft;
    };
    const stored = await super.update(namespace, name, seal).catch(async (error: unknown) => {
      if (written !== undefined) await this.#secrets.discard(written.sealed, error);
      throw error;
    });
    if (written !== undefined) await this.#secrets.prune(stored, written.before);
    return stored;
  }

  override async remove(namespace: string, name: string): Promise<void> {
    const current = await this.find(namespace, name);
    await super.remove(namespace, name);
    if (current !== undefined) await this.#secrets.removeOf(current);
  }

  /** The gateways that send requests to a function. */
  async namesOf(namespace: string, functionName: string): Promise<string[]> {
    return (await this.#functionsByGateway(namespace)).filter(([, names]) => names.includes(functionName)).map(([gateway]) => gateway);
  }

  /** For each function the gateways that send requests to it. */
  async namesByFunction(namespace: string): Promise<Map<string, string[]>> {
    const pairs = (await this.#functionsByGateway(namespace)).flatMap(([gateway, names]) => names.map((name) => ({ gateway, name })));
    const groups = Map.groupBy(pairs, ({ name }) => name);
    return new Map([...groups].map(([name, found]) => [name, found.map(({ gateway }) => gateway)]));
  }

  /** @throws AMP_API_GATEWAY_INVALID, AMP_INGRESS_IN_USE, AMP_PROJECT_MISSING, AMP_FUNCTION_NOT_FOUND, AMP_RESOURCE_EXISTS */
  async add(gateway: ApiGateway, namespace: string, mustHaveFunctions: boolean): Promise<Stored> {
    return this.create(await this.#draftOf(gateway, namespace, mustHaveFunctions));
  }

  /** An alias stays one. @throws as `add`, and AMP_RESOURCE_NOT_FOUND, AMP_RESOURCE_STALE, AMP_FUNCTION_CONDITION */
  async change(gateway: ApiGateway, namespace: string, mustHaveFunctions: boolean): Promise<void> {
    await this.get(namespace, gateway.metadata.name);
    const draft = await this.#draftOf(gateway, namespace, mustHaveFunctions);
    await this.update(namespace, gateway.metadata.name, (current) => {
      const { resourceVersion: wanted } = draft.metadata;
      if (wanted && wanted !== current.metadata.resourceVersion) throw this.staleError();
      const kept = keepingAlias(draft, current);
      const project = projectOf(current);
      if (gateway.metadata.labels?.[labels.project] === undefined) return withProject(kept, project);
      if (projectOf(draft) !== project) throw invalidRequest('Changing the project of an existing api gateway is not allowed');
      return kept;
    });
  }

  /** A gateway as callers see it. */
  shown(gateway: Stored): Stored {
    return this.#secrets.shown(gateway);
  }

  /** A gateway as it leaves the cluster. @throws AMP_SECRET_MISSING */
  async exported(gateway: Stored, isWithSecrets: boolean): Promise<ReturnType<typeof exportedOf>> {
    return exportedOf(await this.#secrets.exported(gateway, isWithSecrets));
  }

  async #draftOf(gateway: ApiGateway, namespace: string, mustHaveFunctions: boolean): Promise<Draft> {
    const { metadata, spec } = enrichApiGateway(gateway);
    validateApiGateway({ metadata, spec });
    const { name, labels: own, annotations, resourceVersion } = metadata;
    const project = own?.[labels.project] ?? defaults.project;
    await this.#projects.ensureThere(namespace, project);
    if (mustHaveFunctions) await this.#ensureFunctions(namespace, upstreamFunctionsOf(spec));
    await this.#ensureAddressIsFree(namespace, name, spec.host ?? '', spec.path);
    const status = { name, state: 'waitingForProvisioning' };
    return {
      metadata: { name, namespace, labels: { ...own, [labels.project]: project }, annotations, resourceVersion },
      spec,
      status,
    };
  }

  async #functionsByGateway(namespace: string): Promise<[gateway: string, functions: string[]][]> {
    return (await this.list(namespace)).map(({ metadata, spec }) => {
      const parsed = apiGatewaySpecSchema.parse(spec);
      // The versions that an alias leads to have what belongs to its function, such as the Secret.
      const alias = aliasSchema.safeParse(parsed.alias).data;
      return [metadata.name, [...upstreamFunctionsOf(parsed), ...(alias === undefined ? [] : [alias.function])]];
    });
  }

  async #ensureFunctions(namespace: string, names: string[]): Promise<void> {
    for (const name of names) {
      if ((await this.#client.read(resources.functions, namespace, name)) !== undefined) continue;
      throw platformError('AMP_FUNCTION_NOT_FOUND', { what: `Function ${name} does not exist`, fix: 'Create it first.' });
    }
  }

  async #ensureAddressIsFree(namespace: string, gateway: string, host: string, path: string | undefined): Promise<void> {
    const wanted = addressOf(host, path ?? '/');
    const { items } = await this.#client.list(resources.ingresses, namespace);
    const others = items.filter(({ metadata }) => metadata?.labels?.[labels.apiGateway] !== gateway);
    const ofIngresses = others.flatMap(({ spec }) =>
      (spec?.rules ?? []).flatMap((rule) => (rule.http?.paths ?? []).map((found) => addressOf(rule.host ?? '', found.path ?? '/'))),
    );
    const gateways = (await this.list(namespace)).filter(({ metadata }) => metadata.name !== gateway);
    const ofGateways = gateways
      .map(({ spec }) => apiGatewaySpecSchema.parse(spec))
      .map((spec) => addressOf(spec.host ?? '', spec.path ?? '/'));
    if (![...ofIngresses, ...ofGateways].includes(wanted)) return;
    throw dashboardError('AMP_INGRESS_IN_USE', { what: 'Ingress host and path are already in use', fix: 'Choose another host or path.' });
  }
}

function projectOf({ metadata }: { metadata: { labels?: Record<string, string> | null | undefined } }): string {
  return metadata.labels?.[labels.project] ?? defaults.project;
}

function withProject(draft: Draft, project: string): Draft {
  return { ...draft, metadata: { ...draft.metadata, labels: { ...draft.metadata.labels, [labels.project]: project } } };
}
