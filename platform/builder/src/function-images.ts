import { stat } from 'node:fs/promises';
import { digestOf } from '@ampoule/lib/oci/digest';
import { type Layer, type LayerEntry, packLayer } from '@ampoule/lib/oci/layer';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { paths } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import { runtimeNameOf } from '@ampoule/platform-api/handler';
import { imageRepositoryOf, splitImage } from '@ampoule/platform-api/names';
import { MAX_SOURCE_BYTES } from '@ampoule/platform-api/source-archive';
import type { BuildPods, CommandsRequest } from './commands/build-pods.ts';
import { commandsOf } from './commands/plan.ts';
import { builderError } from './errors.ts';
import { buildImage, imageByAlias } from './image.ts';
import { jarsOf } from './packages/maven.ts';
import { type Room, Rooms, RoomTooSmall } from './room.ts';
import { baseImageOf, sourceFilesOf } from './source.ts';

export interface FunctionImagesOptions {
  registry: RegistryClient;
  runtimeImages: Record<string, string>;
  /** Runs commands of builds; absent where the platform has no pods for that. */
  pods?: BuildPods | undefined;
  /** Where the packages are that the bundle brought; absent where it brought none. */
  packagesFolder?: string | undefined;
  /** Changes when the packages do that builds can ask for. */
  packagesDigest: string;
}

type Watch = Pick<CommandsRequest, 'log' | 'signal'>;
type Limits = Pick<Room, 'maxBytes'> & { signal: AbortSignal };

const USUAL_LIMIT_SECONDS = 600;
const MAX_LIMIT_SECONDS = 3600;
const ALIAS_LENGTH = 32;
/** Where the Java worker looks for the jars that a function uses. */
const LIBRARIES = `${paths.handlers.slice(1)}/lib`;

/** Makes the images of functions from their sources. */
export class FunctionImages {
  readonly #options: FunctionImagesOptions;
  readonly #rooms = new Rooms();

  constructor(options: FunctionImagesOptions) {
    this.#options = options;
  }

  /**
   * Gives the name of a function's image; `log` gets what its commands write.
   * @throws AMP_BUILD_…, AMP_FUNCTION_INVALID, AMP_INPUT_INVALID, and the reason of the signal where that ends the build
   */
  async build(fn: NuclioFunction, watch: Watch): Promise<string> {
    const { runtimeImages } = this.#options;
    const base = baseImageOf(fn.spec, runtimeImages);
    const repository = imageRepositoryOf(fn.metadata.namespace, fn.metadata.name);
    return this.#rooms.within(watch.signal, (room) => this.#buildIn(room, fn, { base, repository, ...watch }));
  }

  async #buildIn(
    { maxBytes, keepOnly, forResult }: Room,
    fn: NuclioFunction,
    { base, repository, ...watch }: { base: string; repository: string } & Watch,
  ): Promise<string> {
    const { registry } = this.#options;
    const { code, commands } = await this.#codeOf(fn, { signal: watch.signal, maxBytes });
    keepOnly(code.size);
    if (commands.length === 0) return buildImage(registry, { base, repository, layer: code });
    const alias = await this.#aliasOf(fn, { base, commands, code });
    const known = fn.spec.build?.noCache === true ? undefined : await imageByAlias(registry, repository, alias);
    if (known !== undefined) return known;
    return buildImage(registry, { base, repository, layer: await this.#run(fn, { commands, code, forResult, ...watch }), alias });
  }

  /** In a function of its own, so that nothing but the layer is left of all that it reads. */
  async #codeOf(fn: NuclioFunction, limits: Limits): Promise<{ code: Layer; commands: string[][] }> {
    const files = await this.#filesOf(fn, limits);
    return { commands: commandsOf(fn, files), code: await packLayer(files) };
  }

  /** The code, and for Java the libraries that it asks for. */
  async #filesOf(fn: NuclioFunction, limits: Limits): Promise<LayerEntry[]> {
    const { registry, packagesFolder } = this.#options;
    const files = await sourceFilesOf(fn, { registry, ...limits });
    if (runtimeNameOf(fn.spec.runtime) !== 'java') return files;
    const jars = await jarsOf(fn.spec.build?.dependencies ?? [], packagesFolder);
    const sizes = await Promise.all([...jars.values()].map(async (file) => (await stat(file)).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (bytes > limits.maxBytes && limits.maxBytes < MAX_SOURCE_BYTES) throw new RoomTooSmall();
    return [...files, ...[...jars].map(([name, file]) => ({ path: `${LIBRARIES}/${name}`, file }))];
  }

  async #run(fn: NuclioFunction, work: { commands: string[][]; code: Layer } & Pick<Room, 'forResult'> & Watch): Promise<Layer> {
    const { pods } = this.#options;
    if (pods === undefined) {
      throw builderError('AMP_BUILD_COMMAND', {
        what: 'This platform runs no commands in builds',
        fix: 'Set AMPOULE_BUILD_NAMESPACE of the builder, or bring everything along in an archive.',
      });
    }
    const { namespace, name } = fn.metadata;
    const limitSeconds = Math.min(Math.max(fn.spec.build?.buildTimeoutSeconds || USUAL_LIMIT_SECONDS, 1), MAX_LIMIT_SECONDS);
    return pods.run({ ...work, key: `${namespace}/${name}`, runtime: runtimeNameOf(fn.spec.runtime), code: work.code.bytes, limitSeconds });
  }

  /** The same inputs make the same image, so nobody has to run the commands again. */
  async #aliasOf({ spec }: NuclioFunction, { base, commands, code }: { base: string; commands: string[][]; code: Layer }): Promise<string> {
    const { registry, pods, packagesDigest } = this.#options;
    // An image of the same name can be another one after an install.
    const images = await Promise.all(
      [base, pods?.imageOf(runtimeNameOf(spec.runtime)) ?? ''].map(async (image) => {
        const { repository, tag } = splitImage(image);
        return image === '' ? '' : (await registry.getManifest(repository, tag))?.digest;
      }),
    );
    const inputs = JSON.stringify([images, commands, code.diffId, packagesDigest]);
    return `inputs-${digestOf(inputs).slice('sha256:'.length, 'sha256:'.length + ALIAS_LENGTH)}`;
  }
}
