import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { digestSchema } from '@ampoule/lib/oci/types';
import { MAX_SOURCE_BYTES, sourcePathOf, sourceRepositoryOf } from '@ampoule/platform-api/source-archive';
import { keepSource } from '@ampoule/platform-api/source-store';
import * as z from 'zod';
import { invalidRequest } from '../errors.ts';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** /api/function_sources: takes archives of source code, for functions of several files. Nuclio has nothing of the kind. */
export function functionSourceRoutes(registry: RegistryClient, defaultNamespace: string): ApiRoute[] {
  const storeSource = async ({ params, header, request: { raw } }: Call) => {
    const namespace = namespaceOf(header(headers.functionNamespace) ?? defaultNamespace);
    const digest = digestSchema.safeParse(params.digest).data;
    if (digest === undefined) throw invalidRequest('The path must end with sha256: and the 64 hexadecimal digits of the archive');
    const size = sizeOf(raw.headers['content-length']);
    await registry.pushBlob(sourceRepositoryOf(namespace), digest, size, () => raw.pipe(checked(digest)));
    await keepSource(registry, namespace, { digest, size });
    return { path: sourcePathOf(digest) };
  };

  return [
    defineRoute({
      method: 'PUT',
      url: '/api/function_sources/:digest',
      summary:
        'Keep a tar.gz with the source code of a function; the answer has what to give as spec.build.path, with codeEntryType archive.',
      headers: [headers.functionNamespace],
      isRaw: true,
      status: 201,
      answer: z.object({ path: z.string() }),
      failures: [400],
      handle: storeSource,
    }),
  ];
}

function namespaceOf(text: string): string {
  if (NAMESPACE.test(text)) return text;
  throw invalidRequest(`${text} cannot be the name of a namespace`);
}

function sizeOf(contentLength: string | undefined): number {
  const size = Number(contentLength);
  if (size > 0 && size <= MAX_SOURCE_BYTES) return size;
  throw invalidRequest(
    size > 0
      ? `An archive can have ${MAX_SOURCE_BYTES >> 20} MiB at most`
      : 'An archive must come with its Content-Length, which is more than 0',
  );
}

/** Lets bytes pass, and fails at their end where they are not those of the digest: what is broken is not to be kept. */
function checked(digest: string): Transform {
  const hash = createHash('sha256');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const found = `sha256:${hash.digest('hex')}`;
      done(found === digest ? null : invalidRequest(`The archive has the digest ${found}, and the path names another`));
    },
  });
}
