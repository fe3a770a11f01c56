import { parse } from '@ampoule/lib/parse';
import { projectSchema } from '@ampoule/platform-api/project';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { headerOf, headers } from '../headers.ts';
import type { ProjectStore } from '../project-store.ts';

const idSchema = z.object({ id: z.string() });

/** /api/projects, as in Nuclio. */
export function projectRoutes(app: FastifyInstance, store: ProjectStore, defaultNamespace: string): void {
  const namespaceOf = ({ headers: all }: FastifyRequest) => headerOf(all, headers.projectNamespace) ?? defaultNamespace;

  app.get('/api/projects', async (request) => {
    const projects = await store.list(namespaceOf(request));
    return Object.fromEntries(projects.map((project) => [project.metadata.name, project]));
  });

  app.get('/api/projects/:id', async (request, reply) => {
    const project = await store.get(namespaceOf(request), idSchema.parse(request.params).id);
    return project ?? reply.code(404).send({ error: 'Project not found', errorStackTrace: '' });
  });

  app.post('/api/projects', async (request, reply) => {
    const project = parse(projectSchema, request.body ?? {}, 'the project');
    return reply.code(201).send(await store.create(project, project.metadata.namespace || namespaceOf(request)));
  });
}
