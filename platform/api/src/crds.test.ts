import { resolve } from 'node:path';
import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { customResourceDefinitions } from './crds.ts';

const MANIFEST = resolve(import.meta.dirname, '../../../manifests/platform/10-crds.yaml');
const HEADER = `# Made of the schemas in platform/api by its crds.test.ts, which writes this file anew with \`vitest -u\`.
# Open wherever Nuclio may write more; the status is written with the object, as in Nuclio.
`;

type Node = Record<string, unknown>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All schemas below one, with the place where they stand. */
function* nodesOf(schema: Node, path: string): Generator<[string, Node]> {
  yield [path, schema];
  for (const [name, value] of Object.entries(schema.properties ?? {})) if (isNode(value)) yield* nodesOf(value, `${path}.${name}`);
  for (const name of ['items', 'additionalProperties']) {
    const value = schema[name];
    if (isNode(value)) yield* nodesOf(value, `${path}.${name}`);
  }
}

const schemas = customResourceDefinitions().map((definition) => {
  const { spec } = definition as { spec: { names: { kind: string }; versions: [{ schema: { openAPIV3Schema: Node } }] } };
  return [spec.names.kind, spec.versions[0].schema.openAPIV3Schema] as const;
});

describe('the CustomResourceDefinitions', () => {
  it('in the manifests are those of the schemas', async () => {
    const documents = customResourceDefinitions().map((definition) => dump(definition, { lineWidth: 140, noRefs: true }));
    await expect(HEADER + documents.join('---\n')).toMatchFileSnapshot(MANIFEST);
  });

  it.each(schemas)('of %s are structural: each schema has one type or is open, and no choice or reference', (_kind, schema) => {
    const wrong = [...nodesOf(schema, '')].filter(([, node]) => {
      const isOpen = node['x-kubernetes-preserve-unknown-fields'] === true;
      const hasForbidden = ['anyOf', 'oneOf', 'allOf', '$ref', 'propertyNames', 'format', 'default'].some((word) => word in node);
      const hasBoth = 'properties' in node && 'additionalProperties' in node;
      return hasForbidden || hasBoth || (typeof node.type !== 'string' && !isOpen);
    });
    expect(wrong).toEqual([]);
  });

  it.each(schemas)('of %s keep what is not known in every object that has fields of its own', (_kind, schema) => {
    const closed = [...nodesOf(schema, '')].filter(
      ([path, node]) =>
        path !== '' && node.type === 'object' && !isNode(node.additionalProperties) && !node['x-kubernetes-preserve-unknown-fields'],
    );
    expect(closed).toEqual([]);
  });
});
