import { annotations, defaults } from '@ampoule/platform-api/constants';
import type { FunctionIngress, NuclioFunction } from '@ampoule/platform-api/function';
import { httpTriggersOf, ingressesOf } from '@ampoule/platform-api/http-trigger';
import type { V1HTTPIngressPath, V1Ingress, V1IngressRule } from '@ampoule/platform-api/kube/types';
import { objectNameOf } from '@ampoule/platform-api/names';
import { metadataOf } from './metadata.ts';

/** The path that a function has when it does not say one itself. */
export function defaultPathOf(name: string): string {
  return `/fn/${name}`;
}

/** The Ingress of a function, or undefined where it wants none or has no HTTP trigger. */
export function ingressOf(fn: NuclioFunction): V1Ingress | undefined {
  if (httpTriggersOf(fn.spec).length === 0) return undefined;
  const metadata = metadataOf(fn);
  const wanted = ingressesOf(fn.spec);
  if (wanted === undefined) {
    const path = defaultPathOf(fn.metadata.name);
    const rules = [{ http: { paths: [pathTo(fn, path, 'Prefix')] } }];
    return {
      metadata: { ...metadata, annotations: { [annotations.stripPrefix]: path } },
      spec: { ingressClassName: defaults.ingressClass, rules },
    };
  }
  const rules = wanted.map((ingress) => ruleOf(fn, ingress));
  return rules.length === 0 ? undefined : { metadata, spec: { ingressClassName: defaults.ingressClass, rules } };
}

/** Where a function is reached from outside, without the scheme. `hosts` are those of the ingress itself. */
export function externalUrlsOf(ingress: V1Ingress | undefined, hosts: readonly string[]): string[] {
  return (ingress?.spec?.rules ?? []).flatMap((rule) => {
    const path = rule.http?.paths[0]?.path ?? '/';
    return (rule.host === undefined ? hosts : [rule.host]).map((host) => `${host}${path}`);
  });
}

function ruleOf(fn: NuclioFunction, ingress: FunctionIngress): V1IngressRule {
  const { paths = ['/'], pathType = 'ImplementationSpecific' } = ingress;
  const host = ingress.host || ingress.hostTemplate;
  const rule = { http: { paths: paths.map((path) => pathTo(fn, fill(fn, path), pathType)) } };
  return host ? { host: fill(fn, host), ...rule } : rule;
}

function pathTo(fn: NuclioFunction, path: string, pathType: string): V1HTTPIngressPath {
  return { path, pathType, backend: { service: { name: objectNameOf(fn.metadata.name), port: { name: 'http' } } } };
}

/** Fills in Nuclio's templates, such as `{{.Name}}`. */
function fill({ metadata }: NuclioFunction, template: string): string {
  const values: Record<string, string> = { Name: metadata.name, Namespace: metadata.namespace, Version: 'latest' };
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, name: string) => values[name] ?? whole);
}
