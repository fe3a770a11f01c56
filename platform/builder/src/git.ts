import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parse } from '@ampoule/lib/parse';
import git, { type HttpClient, type WalkerEntry } from 'isomorphic-git';
import * as z from 'zod';
import { ask, ensureWeb, filesFrom, limited, type SourceFile, SourceFiles, withoutSecrets } from './source-files.ts';

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

const TIMEOUT_MS = 60_000;
const PROGRAM_BITS = 0o111;
const LINK_MODE = 0o120000;

/** The files of a repository that a server inside the site gives over HTTP, as they are in a branch or a tag. @throws AMP_BUILD_GIT */
export async function gitFilesOf(url: string, attributes: Record<string, unknown>): Promise<SourceFile[]> {
  const { branch, tag, reference, username, password, workDir } = parse(attributesSchema, attributes, 'spec.build.codeEntryAttributes');
  const place = {
    code: 'AMP_BUILD_GIT',
    what: `The repository at ${withoutSecrets(url)} cannot be used`,
    fix: 'Check spec.build.path and codeEntryAttributes: a repository over http or https that the cluster can reach, with at most 64 MiB of files.',
    workDir,
  } as const;
  const gitdir = await mkdtemp(join(tmpdir(), 'git-'));
  const read = async () => {
    ensureWeb(url);
    const ref = reference || (tag ? `refs/tags/${tag}` : branch) || 'HEAD';
    await git.init({ fs, gitdir, bare: true });
    await git.addRemote({ fs, gitdir, remote: 'origin', url });
    const { fetchHead } = await git.fetch({
      fs,
      gitdir,
      http: httpWithin(AbortSignal.timeout(TIMEOUT_MS)),
      remoteRef: ref,
      ref,
      depth: 1,
      singleBranch: true,
      tags: false,
      onAuth: () => {
        if (!username && !password) throw new Error('the server asks for a name and a password');
        return { username: username ?? '', password: password ?? '' };
      },
      onAuthFailure: () => {
        throw new Error('the server does not take this name and password');
      },
    });
    return filesAt(gitdir, fetchHead ?? '', new SourceFiles(workDir ?? ''));
  };
  return filesFrom(place, read).finally(() => rm(gitdir, { recursive: true, force: true }));
}

/** Links and submodules are left out. */
async function filesAt(gitdir: string, ref: string, files: SourceFiles): Promise<SourceFile[]> {
  const take = async (name: string, [entry]: (WalkerEntry | null)[]) => {
    if (entry === null || entry === undefined || (await entry.type()) !== 'blob') return;
    const mode = await entry.mode();
    if (mode === LINK_MODE) return;
    const read = async () => Buffer.from((await entry.content()) ?? []);
    await files.add({ name, isProgram: (mode & PROGRAM_BITS) !== 0, read });
  };
  // One after the other, so that what is too large is not read whole before that is found out.
  const iterate = async (walk: (entry: WalkerEntry[]) => Promise<unknown>, children: Iterable<WalkerEntry[]>) => {
    const results = [];
    for (const child of children) results.push(await walk(child));
    return results;
  };
  await git.walk({ fs, gitdir, trees: [git.TREE({ ref })], map: take, iterate });
  return files.found;
}

/** What a server sends is bounded, in bytes and in time. */
function httpWithin(signal: AbortSignal): HttpClient {
  return {
    async request({ url, method = 'GET', headers = {}, body }) {
      const sent = body === undefined ? null : await buffer(body);
      const response = await ask(url, { method, headers, body: sent, signal });
      return {
        url: response.url,
        method,
        statusCode: response.status,
        statusMessage: response.statusText,
        headers: Object.fromEntries(response.headers),
        body: limited(response.body ?? new ReadableStream({ start: (controller) => controller.close() })),
      };
    },
  };
}
