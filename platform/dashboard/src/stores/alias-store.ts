import { parse } from '@ampoule/lib/parse';
import {
  type Alias,
  aliasGatewayNameOf,
  aliasUpstreamsOf,
  type Canary,
  canarySchema,
  versionFunctionNameOf,
} from '@ampoule/platform-api/alias';
import { apiGatewaySchema } from '@ampoule/platform-api/api-gateway';
import { defaults, labels } from '@ampoule/platform-api/constants';
import { platformError } from '@ampoule/platform-api/errors';
import { functionMetadataSchema } from '@ampoule/platform-api/function';
import { dashboardError, invalidRequest } from '../errors.ts';
import { aliasSpecSchema, draftOf, isAliasOf, ledTo, viewOf } from './alias-view.ts';
import { condition } from './function-store.ts';
import type { Stored } from './resource-store.ts';
import type { Stores } from './stores.ts';
import { isVersion } from './version-functions.ts';
import { currentOf, versionWith } from './version-store.ts';

/** Which alias of which function. */
export interface AliasKey {
  namespace: string;
  functionName: string;
  alias: string;
}

export interface AliasChange {
  version?: number | undefined;
  host?: string | undefined;
  path?: string | undefined;
}

export type CanaryChange = Omit<Canary, 'version'> & { version?: number | undefined };

/** Aliases of functions: API gateways whose upstreams are versions, which the controller sees to. */
export class AliasStore {
  readonly #stores: Pick<Stores, 'functions' | 'gateways'>;

  constructor(stores: Pick<Stores, 'functions' | 'gateways'>) {
    this.#stores = stores;
  }

  /** @throws AMP_FUNCTION_NOT_FOUND */
  async list(namespace: string, functionName: string) {
    const { functions, gateways } = this.#stores;
    await functions.get(namespace, functionName);
    const found = (await gateways.list(namespace)).filter((gateway) => isAliasOf(gateway, functionName));
    return found.map((gateway) => viewOf(gateway, aliasSpecSchema.parse(gateway.spec)));
  }

  /** Creates an alias, or leads it to another version. @throws AMP_FUNCTION_NOT_FOUND, AMP_VERSION_NOT_FOUND, and as API gateways do */
  async put(key: AliasKey, change: AliasChange) {
    const { functions, gateways } = this.#stores;
    const fn = await functions.get(key.namespace, key.functionName);
    const name = aliasGatewayNameOf(key.functionName, key.alias);
    const found = await gateways.find(key.namespace, name);
    if (found === undefined) return this.#create(key, change, fn);
    if (!isAliasOf(found, key.functionName)) {
      const what = `API gateway ${name} is there already, and is no alias of function ${key.functionName}`;
      throw platformError('AMP_RESOURCE_EXISTS', { what, fix: 'Choose another name.' });
    }
    const { version } = change;
    const wanted = version === undefined ? undefined : await this.#versionOf(key, version, fn);
    await this.#move(key, change, found);
    return this.#change(key, (alias) => (wanted === undefined ? alias : ledTo(alias, wanted)));
  }

  async #create(key: AliasKey, { version, host, path }: AliasChange, fn: Stored) {
    if (!host) throw invalidRequest('A new alias must have a host');
    const name = aliasGatewayNameOf(key.functionName, key.alias);
    const alias = { function: key.functionName, version: await this.#versionOf(key, version, fn) };
    const own = { [labels.project]: fn.metadata.labels?.[labels.project] ?? defaults.project };
    const spec = { name, host, path, alias, upstreams: aliasUpstreamsOf(alias, 0) };
    const gateway = parse(apiGatewaySchema, { metadata: { name, labels: own }, spec }, 'The alias');
    const added = await this.#stores.gateways.add(gateway, key.namespace, false);
    return viewOf(added, aliasSpecSchema.parse(added.spec));
  }

  /** Gives an alias another address, where one is asked for. */
  async #move(key: AliasKey, { host, path }: AliasChange, { metadata, spec }: Stored): Promise<void> {
    const now = aliasSpecSchema.parse(spec);
    if ((host ?? now.host) === now.host && (path ?? now.path) === now.path) return;
    const { name, labels: own, annotations } = metadata;
    const moved = {
      metadata: { name, labels: own, annotations },
      spec: { ...spec, alias: undefined, host: host ?? now.host, path: path ?? now.path },
    };
    await this.#stores.gateways.change(parse(apiGatewaySchema, moved, 'The alias'), key.namespace, false);
  }

  /** Begins to give a newer version its share; without one, the newest. @throws AMP_ALIAS_NOT_FOUND, AMP_VERSION_NOT_FOUND */
  async startCanary(key: AliasKey, { version, ...fields }: CanaryChange) {
    await this.#stores.functions.get(key.namespace, key.functionName);
    const wanted = await this.#versionOf(key, version);
    const canary = parse(canarySchema, { ...fields, version: wanted }, 'The canary');
    return this.#change(key, (alias) => {
      if (alias.version === wanted) throw condition(`Version ${wanted} gets all calls already`, 'Name another version.');
      return { ...alias, canary };
    });
  }

  /** Gives all calls to the canary at once. @throws AMP_ALIAS_NOT_FOUND, AMP_VERSION_NOT_FOUND, AMP_FUNCTION_CONDITION */
  promote(key: AliasKey) {
    return this.#change(key, async (alias) => {
      if (!alias.canary) throw condition('Alias has no canary to promote', 'Start one first.');
      await this.#ensureCanRun(key, alias.canary.version);
      return ledTo(alias, alias.canary.version);
    });
  }

  /**
   * Takes a canary its calls; without one, leads to the version before.
   * @throws AMP_ALIAS_NOT_FOUND, AMP_VERSION_NOT_FOUND, AMP_FUNCTION_CONDITION
   */
  async rollBack(key: AliasKey) {
    return this.#change(key, async (current) => {
      if (current.canary) return ledTo(current, current.version);
      const { previousVersion, ...alias } = current;
      if (previousVersion === undefined)
        throw condition('Alias has no version before the current one', 'Lead it to a version by its number.');
      await this.#ensureCanRun(key, previousVersion);
      return { ...alias, version: previousVersion };
    });
  }

  /** One that is not there is as good as removed. */
  async remove(key: AliasKey): Promise<void> {
    const { gateways } = this.#stores;
    const name = aliasGatewayNameOf(key.functionName, key.alias);
    const found = await gateways.find(key.namespace, name);
    if (found === undefined) return;
    if (!isAliasOf(found, key.functionName)) throw notFound(key);
    await gateways.remove(key.namespace, name);
  }

  async #change(key: AliasKey, change: (alias: Alias) => Alias | Promise<Alias>) {
    const { gateways } = this.#stores;
    const name = aliasGatewayNameOf(key.functionName, key.alias);
    if ((await gateways.find(key.namespace, name)) === undefined) throw notFound(key);
    const stored = await gateways.update(key.namespace, name, async (current) => {
      if (!isAliasOf(current, key.functionName)) throw notFound(key);
      return draftOf(current, await change(aliasSpecSchema.parse(current.spec).alias));
    });
    return viewOf(stored, aliasSpecSchema.parse(stored.spec));
  }

  /** One that is not kept any more may still run: for a moment after its alias has let go of it, or for another alias. */
  async #ensureCanRun({ namespace, functionName }: AliasKey, version: number): Promise<void> {
    const { functions } = this.#stores;
    const running = await functions.find(namespace, versionFunctionNameOf(functionName, version));
    if (running !== undefined && isVersion(running)) return;
    versionWith(version, await functions.versionsOf(namespace, functionName));
  }

  /** A version that is kept: without a number the one that the function is now, or else the newest. */
  async #versionOf({ namespace, functionName }: AliasKey, wanted: number | undefined, fn?: Stored): Promise<number> {
    const versions = await this.#stores.functions.versionsOf(namespace, functionName);
    const now = fn === undefined ? undefined : currentOf(versions, fn);
    const found = wanted === undefined ? (now ?? versions[0]) : versionWith(wanted, versions);
    if (found === undefined) throw condition('Function has no version that an alias could lead to', 'Deploy it first.');
    parse(
      functionMetadataSchema.pick({ name: true }),
      { name: versionFunctionNameOf(functionName, found.version) },
      'The name of the version',
    );
    return found.version;
  }
}

function notFound({ functionName, alias }: AliasKey) {
  return dashboardError('AMP_ALIAS_NOT_FOUND', { what: `Function ${functionName} has no alias ${alias}`, fix: 'Check its name.' });
}
