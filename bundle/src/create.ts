import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapConcurrently } from '@ampoule/lib/concurrent';
import { addBytecode } from './build/bytecode.ts';
import { buildComponent } from './build/component.ts';
import { type Architecture, type BuildContext, ownArchitecture, type Progress, type SourceResult } from './build/context.ts';
import { buildImage } from './build/image.ts';
import { type BuiltLayer, buildLayer } from './build/layer.ts';
import { checkClosure } from './closure.ts';
import { type Definition, loadDefinition } from './definition.ts';
import { bundleError } from './errors.ts';
import { imageRequests, type ManifestFile } from './image-requests.ts';
import { launcherComponents, launcherText } from './launcher.ts';
import { type StagedBundle, stageBundle } from './stage.ts';

export interface CreateOptions {
  repository: string;
  architecture: Architecture;
  outputFolder: string;
  /** PEM file of the Ed25519 key that signs. */
  privateKeyFile: string;
  createdAt: Date;
  progress: Progress;
}

/** Go builds use every core themselves; two at a time keep the cores busy while one of them links. */
const BUILDS_AT_ONCE = 2;

/** Builds the whole bundle: fetches, compiles, packs, proves the closure, signs. What has not changed comes from the cache. */
export async function createBundle(options: CreateOptions): Promise<StagedBundle> {
  const { repository, architecture, progress } = options;
  const context: BuildContext = { repository, architecture, progress };
  const definition = await loadDefinition(repository, architecture);
  const { layers, sources } = await buildLayers(definition, context);
  const images = definition.images.map((image) =>
    buildImage(
      image,
      image.layers.map((name) => required(layers, name)),
      architecture,
    ),
  );
  const manifests = await readManifests(repository);
  const requests = await imageRequests({ definition, sources, manifests, context });
  checkClosure(
    requests,
    images.map(({ name }) => name),
  );
  const launcher = await launcherText(
    repository,
    launcherComponents.map((name) => required(layers, name)),
    architecture,
  );
  const origins = [...sources.values()].flatMap((source) => source.origins);
  return stageBundle({ ...options, definition, images, manifests, launcher, origins });
}

async function buildLayers(definition: Definition, context: BuildContext) {
  const sources = new Map<string, SourceResult>();
  const layers = new Map<string, BuiltLayer>();
  await mapConcurrently([...definition.components], BUILDS_AT_ONCE, async ([name, component]) => {
    const started = performance.now();
    const built = await buildComponent(name, component, context);
    const python = component.bytecode;
    const source = python === undefined ? built : await addBytecode(name, built, await buildOwn(python, context), context);
    sources.set(name, source);
    layers.set(name, await buildLayer(name, source, component, context));
    const seconds = (performance.now() - started) / 1000;
    context.progress(name, seconds < 3 ? 'ready' : `ready after ${seconds.toFixed(0)} s`);
  });
  return { sources, layers };
}

/** A component for the machine that builds. @throws AMP_BUNDLE_COMPONENT */
async function buildOwn(name: string, { repository, progress }: BuildContext): Promise<SourceResult> {
  const { components } = await loadDefinition(repository, ownArchitecture);
  return buildComponent(name, required(components, name), { repository, architecture: ownArchitecture, progress });
}

async function readManifests(repository: string): Promise<ManifestFile[]> {
  const folder = join(repository, 'manifests');
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(names.map(async (path) => ({ path, text: await readFile(join(folder, path), 'utf8') })));
}

function required<Value>(map: ReadonlyMap<string, Value>, name: string): Value {
  const value = map.get(name);
  if (value !== undefined) return value;
  throw bundleError('AMP_BUNDLE_COMPONENT', {
    what: `bundle/bundle.yaml has no component ${name}`,
    fix: 'Add it: no appliance can be without.',
  });
}
