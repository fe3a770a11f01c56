import { functionConfigSchema } from '@ampoule/platform-api/function';
import * as z from 'zod';
import { headers } from '../headers.ts';
import { type ApiRoute, defineRoute } from '../http/route.ts';
import { renderTemplate, type TemplateStore } from '../stores/template-store.ts';

const renderSchema = z.looseObject({
  template: z.string().min(1, 'must not be empty'),
  values: z.record(z.string(), z.unknown()).default({}),
});
const templateSchema = z.union([
  z.object({ rendered: functionConfigSchema }),
  z.object({ metadata: z.object({ name: z.string() }), template: z.string(), values: z.record(z.string(), z.unknown()) }),
]);

/** /api/function_templates, as in Nuclio. */
export function functionTemplateRoutes(templates: TemplateStore): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      url: '/api/function_templates',
      summary: 'List templates of functions.',
      headers: [headers.filterContains],
      status: 200,
      answer: z.record(z.string(), templateSchema),
      handle: ({ header }) => templates.list(header(headers.filterContains)),
    }),
    defineRoute({
      method: 'POST',
      url: '/api/function_templates/render',
      summary: 'Fill in the values of a template.',
      body: renderSchema,
      status: 200,
      answer: functionConfigSchema,
      failures: [400],
      handle: async ({ body }) => renderTemplate(body.template, body.values),
    }),
  ];
}
