import { parse } from '@ampoule/lib/parse';
import { MAX_SOURCE_BYTES } from '@ampoule/platform-api/source-archive';
import * as z from 'zod';
import { filesFrom, type SourceFile, SourceFiles, segmentsOf } from '../source-files.ts';
import { withoutSecrets, withoutUser } from '../web.ts';
import { type PackLimits, unpack } from './pack.ts';
import { advertisedBy, fetchPack } from './server.ts';
import { filesIn } from './tree.ts';

const attributesSchema = z
  .looseObject({
    branch: z.string().nullish(),
    tag: z.string().nullish(),
    /** A whole name, such as refs/heads/main. */
    reference: z.string().nullish(),
    username: z.string().nullish(),
    /** Or a token. */
    password: z.string().nullish(),
    /** Folder of the repository that holds the function; all of it when absent. */
    workDir: z.string().nullish(),
  })
  .refine(
    ({ branch, tag, reference }) => [branch, tag, reference].filter(Boolean).length <= 1,
    'must have one of branch, tag and reference',
  );
type Attributes = z.output<typeof attributesSchema>;

const TIMEOUT_MS = 60_000;

/**
 * The files of a repository that a server inside the site gives over HTTP, as they are in a branch or a tag, without links and submodules.
 * The repository may be made to do harm: what is taken of it is bounded in bytes, objects, entries and time.
 * @throws AMP_BUILD_GIT
 */
export async function gitFilesOf(
  url: string,
  attributes: Record<string, unknown>,
  { signal, maxBytes = MAX_SOURCE_BYTES }: { signal: AbortSignal; maxBytes?: number },
): Promise<SourceFile[]> {
  const wanted = parse(attributesSchema, attributes, 'spec.build.codeEntryAttributes');
  const place = {
    code: 'AMP_BUILD_GIT',
    what: `The repository at ${withoutSecrets(url)} cannot be used`,
    fix: 'Check spec.build.path and codeEntryAttributes: a repository over http or https that the cluster can reach, with at most 64 MiB of files.',
    workDir: wanted.workDir,
  } as const;
  return filesFrom(place, () => read(url, wanted, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]), maxBytes }));
}

async function read(url: string, wanted: Attributes, limits: PackLimits): Promise<SourceFile[]> {
  const { signal, maxBytes } = limits;
  signal.throwIfAborted();
  const advertised = await advertisedBy({ ...withLogin(url, wanted), signal }, nameOf(wanted));
  const objects = await unpack(await fetchPack(advertised, limits), limits);
  const files = new SourceFiles({ workDir: wanted.workDir ?? '', maxBytes });
  for await (const { path, isProgram, content } of filesIn(objects, advertised.id, { workDir: segmentsOf(wanted.workDir ?? ''), signal })) {
    await files.add({ name: path, isProgram, read: async () => content });
  }
  return files.found;
}

function nameOf({ branch, tag, reference }: Attributes): string {
  if (tag) return `refs/tags/${tag}`;
  return branch ? `refs/heads/${branch}` : reference || 'HEAD';
}

/** An address can hold a name and a password, too. */
function withLogin(address: string, { username, password }: Attributes): { url: string; username: string; password: string } {
  const given = withoutUser(address);
  return { url: given.url, username: username || given.username, password: password || given.password };
}
