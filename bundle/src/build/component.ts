import { join } from 'node:path';
import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import { digestOf } from '@ampoule/lib/oci/digest';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import type { Component } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { buildDebian } from '../sources/debian.ts';
import { buildGo } from '../sources/go.ts';
import { buildJar } from '../sources/jar.ts';
import { buildJava } from '../sources/java.ts';
import { buildMavenMirror } from '../sources/maven-mirror.ts';
import { buildNpm } from '../sources/npm.ts';
import { buildNpmMirror } from '../sources/npm-mirror.ts';
import { buildPypiMirror } from '../sources/pypi-mirror.ts';
import { readTree } from '../sources/tree.ts';
import { buildTypescript } from '../sources/typescript.ts';
import { buildUrl } from '../sources/url.ts';
import { cacheKey } from './cache.ts';
import type { BuildContext, SourceResult } from './context.ts';

/** Builds or fetches a component and lays its tree and links over it. @throws AMP_BUNDLE_COMPONENT, AMP_BUNDLE_PIN, both naming it */
export async function buildComponent(name: string, component: Component, context: BuildContext): Promise<SourceResult> {
  try {
    return await layTree(await buildSource(name, component, context), component, context);
  } catch (error) {
    if (error instanceof AmpouleError && error.code.startsWith('AMP_BUNDLE_')) throw error;
    throw bundleError('AMP_BUNDLE_COMPONENT', {
      what: `${name} could not be built`,
      why: messageOf(error),
      fix: 'Mend the cause; what was built already is kept.',
      cause: error,
    });
  }
}

async function layTree({ entries, key, origins }: SourceResult, component: Component, context: BuildContext): Promise<SourceResult> {
  const tree = component.tree === undefined ? [] : await readTree(join(context.repository, component.tree), component.treeIn);
  const links = Object.entries(component.links).map(
    ([link, target]): LayerEntry => ({ path: join(component.linksIn ?? '', link), link: target }),
  );
  const treeDigests = tree.map((entry) => [entry.path, entry.mode, 'content' in entry ? digestOf(Buffer.from(entry.content)) : '']);
  return { entries: [...entries, ...tree, ...links], key: cacheKey(key, treeDigests, links), origins };
}

async function buildSource(name: string, { source }: Component, context: BuildContext): Promise<SourceResult> {
  switch (source.kind) {
    case 'go':
      return buildGo(name, source, context);
    case 'debian':
      return buildDebian(name, source, context);
    case 'npm':
      return buildNpm(name, source, context);
    case 'npm-mirror':
      return buildNpmMirror(name, source, context);
    case 'pypi-mirror':
      return buildPypiMirror(name, source, context);
    case 'maven-mirror':
      return buildMavenMirror(name, source, context);
    case 'typescript':
      return buildTypescript(name, source, context);
    case 'java':
      return buildJava(name, source, context);
    case 'jar':
      return buildJar(name, source, context);
    case 'url':
      return buildUrl(name, source, context);
    case 'files':
      return { entries: [], key: 'files', origins: [] };
  }
}
