import { parse } from '@ampoule/lib/parse';
import { type Project, projectSchema } from '@ampoule/platform-api/project';
import * as z from 'zod';
import { invalidRequest } from '../errors.ts';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';
import { exportQuery, targetSchema } from '../http/schemas.ts';
import { deleteProject, exportProject } from '../stores/project-contents.ts';
import { importProject, projectImportSchema } from '../stores/project-import.ts';
import { byName, storedSchema } from '../stores/resource-store.ts';
import type { Stores } from '../stores/stores.ts';

const importQuery = z.looseObject({ import: z.enum(['true', 'false', '']).optional() });
/** Which of the two it is, the query says; so each is parsed by itself, and tells its own mistakes. */
const newProjectSchema = z
  .looseObject({})
  .describe('A project: {metadata, spec}. With import=true an exported one: {project, functions, functionEvents, apiGateways}.');
const objectsByName = z.record(z.string(), z.looseObject({}));
const exportedProjectSchema = z.object({
  project: z.looseObject({}),
  functions: objectsByName,
  functionEvents: objectsByName,
  apiGateways: objectsByName,
});
const importedSchema = z.object({
  functionImportResult: z.looseObject({}),
  functionEventImportResult: z.looseObject({}),
  apiGatewayImportResult: z.looseObject({}),
});
const strategySchema = z.enum(['restricted', 'cascading', 'check']);
const targetProject = targetSchema('Project name must be provided in metadata');

/** /api/projects, as in Nuclio. */
export function projectRoutes(stores: Stores, defaultNamespace: string): ApiRoute[] {
  const { projects } = stores;
  const namespaceOf = ({ header }: Call) => header(headers.projectNamespace) ?? defaultNamespace;

  const replace = async (call: Call<unknown, Project>, name: string) => {
    const { metadata, spec, status } = call.body;
    if (metadata.name !== name) throw invalidRequest(`Project name ${metadata.name} in metadata differs from ${name} in the path`);
    const namespace = metadata.namespace || namespaceOf(call);
    const { labels, annotations, resourceVersion } = metadata;
    await projects.update(namespace, name, (current) => ({
      metadata: { name, namespace, labels, annotations, resourceVersion },
      spec,
      status: status ?? current.status,
    }));
  };

  return [
    defineRoute({
      method: 'GET',
      url: '/api/projects',
      summary: 'List projects by their names, or export them with all that belongs to them.',
      headers: [headers.projectNamespace, headers.projectName, headers.exportSecrets],
      query: exportQuery,
      status: 200,
      answer: z.union([z.record(z.string(), storedSchema), z.record(z.string(), exportedProjectSchema)]),
      failures: [400],
      async handle(call) {
        const name = call.header(headers.projectName);
        const namespace = namespaceOf(call);
        const found = (await projects.list(namespace)).filter(({ metadata }) => name === undefined || metadata.name === name);
        if (call.query.export !== 'true') return byName(found, (project) => project);
        const exported = await Promise.all(
          found.map(async (project) => [
            project.metadata.name,
            await exportProject(stores, namespace, project, call.flag(headers.exportSecrets)),
          ]),
        );
        return Object.fromEntries(exported);
      },
    }),
    defineRoute({
      method: 'GET',
      url: '/api/projects/:id',
      summary: 'One project, or its export with all that belongs to it.',
      headers: [headers.projectNamespace, headers.exportSecrets],
      query: exportQuery,
      status: 200,
      answer: z.union([storedSchema, exportedProjectSchema]),
      failures: [400, 404],
      async handle(call) {
        const project = await projects.get(namespaceOf(call), call.params.id ?? '');
        if (call.query.export !== 'true') return project;
        return exportProject(stores, project.metadata.namespace, project, call.flag(headers.exportSecrets));
      },
    }),
    defineRoute({
      method: 'POST',
      url: '/api/projects',
      summary: 'Create a project; with import=true take in an exported one, and answer what was created and what failed.',
      headers: [headers.projectNamespace],
      query: importQuery,
      body: newProjectSchema,
      status: 201,
      answer: z.union([storedSchema, importedSchema]),
      failures: [400, 409],
      async handle(call) {
        if (call.query.import === 'true') {
          const content = parse(projectImportSchema, call.body, 'The body');
          return importProject(stores, content.project.metadata.namespace || namespaceOf(call), content);
        }
        const { metadata, spec, status } = parse(projectSchema, call.body, 'The body');
        const { name, labels, annotations } = metadata;
        return projects.create({
          metadata: { name, namespace: metadata.namespace || namespaceOf(call), labels, annotations },
          spec,
          status,
        });
      },
    }),
    defineRoute({
      method: 'PUT',
      url: '/api/projects/:id',
      summary: 'Replace a project.',
      headers: [headers.projectNamespace],
      body: projectSchema,
      status: 204,
      failures: [400, 404, 409],
      handle: (call) => replace(call, call.params.id ?? ''),
    }),
    defineRoute({
      method: 'PUT',
      url: '/api/projects',
      summary: 'Deprecated: the same without an id in the path.',
      headers: [headers.projectNamespace],
      body: projectSchema,
      status: 204,
      failures: [400, 404, 409],
      async handle(call) {
        call.reply.header('deprecation', 'true').header('link', '</api/projects/{id}>; rel="alternate"');
        await replace(call, call.body.metadata.name);
      },
    }),
    defineRoute({
      method: 'DELETE',
      url: '/api/projects',
      summary: 'Remove a project: only an empty one, or with all that belongs to it, or only look whether it could be removed.',
      headers: [headers.projectNamespace, headers.deleteStrategy],
      body: targetProject,
      status: 204,
      failures: [400, 404, 412],
      async handle(call) {
        const { name, namespace } = call.body.metadata;
        const strategy = parse(strategySchema, call.header(headers.deleteStrategy) ?? 'restricted', `Header ${headers.deleteStrategy}`);
        await deleteProject(stores, namespace || namespaceOf(call), name, strategy);
      },
    }),
  ];
}
