import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDashboard } from '../testing/dashboard.ts';
import { playRows } from '../testing/rows.ts';

const TEMPLATES = resolve(import.meta.dirname, '../../../templates');
const filter = (text: string) => ({ 'x-nuclio-filter-contains': text });

playRows(
  'templates',
  [
    {
      it: 'are listed by name and runtime',
      call: 'GET /api/function_templates',
      status: 200,
      names: ['count-words:shell', 'etl-parquet:nodejs', 'hello:java', 'hello:nodejs', 'hello:python', 'json-transform:nodejs'],
      answer: {
        'hello:nodejs': {
          rendered: { metadata: { name: 'hello' }, spec: { runtime: 'nodejs', build: { functionSourceCode: expect.any(String) } } },
        },
      },
    },
    {
      it: 'are filtered by a part of their key',
      call: 'GET /api/function_templates',
      headers: filter('PYTHON'),
      status: 200,
      names: ['hello:python'],
    },
    {
      it: 'are filtered by a part of their description',
      call: 'GET /api/function_templates',
      headers: filter('readings'),
      status: 200,
      names: ['json-transform:nodejs'],
    },
    {
      it: 'are rendered with their values',
      call: 'POST /api/function_templates/render',
      body: {
        template: 'metadata:\n  name: {{ .name }}\nspec:\n  handler: main:handler\n  minReplicas: {{- .min -}}\n',
        values: { name: 'f', min: ' 2' },
      },
      status: 200,
      answer: { metadata: { name: 'f' }, spec: { handler: 'main:handler', minReplicas: 2 } },
    },
    {
      it: 'are not rendered without a value that they need',
      call: 'POST /api/function_templates/render',
      body: { template: 'metadata: { name: {{ .name }} }' },
      status: 400,
      answer: { error: 'Template value name must be provided' },
    },
    {
      it: 'are not rendered when they use more than values',
      call: 'POST /api/function_templates/render',
      body: { template: '{{ if .x }}', values: {} },
      status: 400,
    },
    {
      it: 'are not rendered into what is no function',
      call: 'POST /api/function_templates/render',
      body: { template: 'metadata: {{ .x }}', values: { x: 1 } },
      status: 400,
    },
    { it: 'are not rendered without a template', call: 'POST /api/function_templates/render', body: {}, status: 400 },
  ],
  { templatesFolder: TEMPLATES },
);

playRows('a dashboard without templates', [{ it: 'lists none', call: 'GET /api/function_templates', status: 200, answer: {}, names: [] }]);

describe('the templates that come with the platform', () => {
  it('can be deployed as they are', async () => {
    const dashboard = await startDashboard({ templatesFolder: TEMPLATES });
    const { body } = await dashboard.call('GET', '/api/function_templates');
    const templates = Object.values(body as Record<string, { rendered: { spec: object } }>);
    const answers = await Promise.all(templates.map(({ rendered }, index) => dashboard.create(`f${index}`, rendered.spec)));
    expect(answers.map(({ status }) => status)).toEqual(templates.map(() => 202));
    await dashboard.stop();
  });
});

describe('a folder of templates', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'templates-'));
    await mkdir(join(folder, 'topic'));
    await writeFile(join(folder, 'topic/function.yaml.template'), 'metadata:\n  name: {{ .name }}\n');
    await writeFile(join(folder, 'topic/function.yaml.values'), 'name: { displayName: Name, kind: string }\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('may hold templates with values that are to be filled in', async () => {
    const dashboard = await startDashboard({ templatesFolder: folder });
    expect(await dashboard.call('GET', '/api/function_templates')).toMatchObject({
      status: 200,
      body: {
        topic: { metadata: { name: 'topic' }, template: expect.stringContaining('{{ .name }}'), values: { name: { kind: 'string' } } },
      },
    });
    await dashboard.stop();
  });

  it('is told to be broken when a template in it cannot be read', async () => {
    await mkdir(join(folder, 'wrong'));
    const dashboard = await startDashboard({ templatesFolder: folder });
    expect(await dashboard.call('GET', '/api/function_templates')).toMatchObject({
      status: 500,
      body: { error: expect.stringContaining('Template wrong cannot be read') },
    });
    await dashboard.stop();
    await rm(join(folder, 'wrong'), { recursive: true });
  });
});
