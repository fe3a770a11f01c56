import type { LayerEntry } from '@ampoule/lib/oci/layer';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { bringsCode } from '@ampoule/platform-api/code';
import { annotations, paths } from '@ampoule/platform-api/constants';
import type { FunctionSpec, NuclioFunction } from '@ampoule/platform-api/function';
import { handlerFileOf, runtimeNameOf } from '@ampoule/platform-api/handler';
import { MAX_SOURCE_BYTES, sourceRepositoryOf } from '@ampoule/platform-api/source-archive';
import { keepSource, keptSizeOf } from '@ampoule/platform-api/source-store';
import { type ArchiveOptions, archiveFilesOf } from './archive.ts';
import { builderError } from './errors.ts';
import { gitFilesOf } from './git/git-files.ts';
import { GITHUB_OUTER_FOLDERS, githubArchiveOf } from './github.ts';
import { tooLarge } from './room.ts';
import { s3ArchiveOf } from './s3.ts';
import type { SourceFile } from './source-files.ts';

/** Whether a function has code to build; without, or where that was asked for, its image is used as it is. */
export function needsBuild({ metadata, spec }: Pick<NuclioFunction, 'metadata' | 'spec'>): boolean {
  return metadata.annotations?.[annotations.skipBuild] !== 'true' && bringsCode(spec);
}

/** The image that a runtime's functions stand on. @throws AMP_BUILD_RUNTIME */
export function baseImageOf({ runtime }: FunctionSpec, images: Record<string, string>): string {
  const image = images[runtimeNameOf(runtime)];
  if (image !== undefined) return image;
  throw builderError('AMP_BUILD_RUNTIME', {
    what: `Runtime ${runtime || '(none)'} is not supported`,
    fix: `Use one of: ${Object.keys(images).join(', ')}.`,
  });
}

/** The files of a function, as they are to lie in its image. @throws AMP_BUILD_SOURCE, AMP_BUILD_ARCHIVE, AMP_BUILD_GIT, AMP_FUNCTION_INVALID */
export async function sourceFilesOf(
  { metadata, spec }: Pick<NuclioFunction, 'metadata' | 'spec'>,
  { registry, signal, maxBytes = MAX_SOURCE_BYTES }: { registry: RegistryClient; signal: AbortSignal; maxBytes?: number },
): Promise<LayerEntry[]> {
  const { build, handler, runtime } = spec;
  const { codeEntryType, functionSourceCode, path } = build ?? {};
  const folder = paths.handlers.slice(1);
  // Nuclio lets code that is given outright win over all other ways.
  if (functionSourceCode) {
    return [{ path: `${folder}/${handlerFileOf(runtime, handler)}`, content: Buffer.from(functionSourceCode, 'base64') }];
  }
  const attributes = build?.codeEntryAttributes ?? {};
  const fetchStored = (digest: string) => storedSource(registry, metadata.namespace, { digest, maxBytes });
  const files = await filesOfEntry(codeEntryType ?? '', { path: path ?? '', attributes, fetchStored, signal, maxBytes });
  return files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
}

interface CodeEntry extends Pick<ArchiveOptions, 'fetchStored' | 'signal'> {
  maxBytes: number;
  /** `spec.build.path`. */
  path: string;
  /** `spec.build.codeEntryAttributes`. */
  attributes: Record<string, unknown>;
}

async function filesOfEntry(type: string, { path, attributes, ...options }: CodeEntry): Promise<SourceFile[]> {
  switch (type) {
    case 'archive':
      return archiveFilesOf(path, attributes, options);
    case 'github':
      return archiveFilesOf(githubArchiveOf(path, attributes), attributes, { ...options, outerFolders: GITHUB_OUTER_FOLDERS });
    case 's3': {
      const { url, headers } = await s3ArchiveOf(path, attributes);
      return archiveFilesOf(url, { ...attributes, headers }, options);
    }
    case 'git':
      return gitFilesOf(path, attributes, options);
    default:
      throw builderError('AMP_BUILD_SOURCE', {
        what: type ? `Code entry type ${type} is not supported` : 'A build from spec.build.path is not supported',
        fix: 'Give the code in spec.build.functionSourceCode, by codeEntryType archive, git, github or s3, or an image in spec.image.',
      });
  }
}

/** An archive that was sent to the dashboard. */
async function storedSource(
  registry: RegistryClient,
  namespace: string,
  { digest, maxBytes }: { digest: string; maxBytes: number },
): Promise<Buffer> {
  const repository = sourceRepositoryOf(namespace);
  if (((await keptSizeOf(registry, namespace, digest)) ?? MAX_SOURCE_BYTES) > maxBytes) throw tooLarge(maxBytes);
  if (await registry.hasBlob(repository, digest)) {
    const bytes = await registry.getBlob(repository, digest);
    // It may have been collected between its arrival and that of the function.
    await keepSource(registry, namespace, { digest, size: bytes.length });
    return bytes;
  }
  throw builderError('AMP_BUILD_SOURCE', {
    what: `The private registry has no source code ${digest} of namespace ${namespace}`,
    fix: 'Deploy the function again from its folder: that sends the code again.',
  });
}
