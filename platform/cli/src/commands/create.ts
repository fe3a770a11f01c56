import { parse } from '@ampoule/lib/parse';
import type { Command } from 'commander';
import * as z from 'zod';
import { collect } from '../collect.ts';
import { count, jsonObject, pairs } from '../deploy/values.ts';
import { show } from '../output.ts';
import { apiGateways, functionEvents, functionLabel, type Kind, namespaceOf, objectSchema, projectLabel, projects } from '../resources.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

const flagsSchema = z.object({
  '--labels': pairs.default({}),
  '--attrs': jsonObject.optional(),
  '--max-replicas': count.optional(),
});

interface Created {
  metadata: { name?: string | undefined; labels?: Record<string, string> };
  spec: object;
}

interface ProjectFlags {
  description?: string;
  owner?: string;
  maxReplicas?: string;
}

export function addCreateProject(parent: Command, name: string, shell: Shell): Command {
  const command = parent
    .command(`${name} <name>`)
    .description('create a project, which groups functions')
    .option('--description <text>', 'description')
    .option('--owner <name>', 'who it belongs to')
    .option('--max-replicas <count>', 'how many replicas all of its functions may have together')
    .action((project: string, { maxReplicas: most, ...given }: ProjectFlags) => {
      const { '--max-replicas': maxReplicas } = parse(flagsSchema, { '--max-replicas': most }, 'The command line');
      return create(shell, projects, { metadata: { name: project }, spec: { ...given, maxReplicas } });
    });
  const at = `ampoule ${parent.name()} ${name} weather`;
  return withExamples(command, `${at} --description "What the sensors say"`, `${at} --max-replicas 20`);
}

interface GatewayFlags {
  host: string;
  path?: string;
  function: string;
  project?: string;
  authenticationMode?: string;
  basicAuthUsername?: string;
  basicAuthPassword?: string;
  labels?: string[];
  attrs?: string;
}

export function addCreateGateway(parent: Command, name: string, shell: Shell): Command {
  const command = parent
    .command(`${name} <name>`)
    .description('create an API gateway: a public address before a function')
    .requiredOption('--host <name>', 'name in the address')
    .requiredOption('--function <name>', 'function that answers')
    .option('--path <path>', 'beginning of the path')
    .option('--project <name>', 'project that it belongs to')
    .option('--authentication-mode <mode>', 'none, basicAuth, accessKey, jwt or clientCertificate')
    .option('--basic-auth-username <name>', 'user name for basicAuth')
    .option('--basic-auth-password <password>', 'password for basicAuth')
    .option('--labels <a=b,...>', 'labels; can be repeated', collect)
    .option('--attrs <json>', 'more fields of its spec, in JSON')
    .action((gateway: string, flags: GatewayFlags) => {
      const given = { '--labels': flags.labels, '--attrs': flags.attrs };
      const { '--labels': labels, '--attrs': attrs } = parse(flagsSchema, given, 'The command line');
      const { host, path, authenticationMode, basicAuthUsername: username, basicAuthPassword: password } = flags;
      const spec = {
        host,
        path,
        authenticationMode: authenticationMode ?? (username === undefined ? undefined : 'basicAuth'),
        ...(username === undefined ? {} : { authentication: { basicAuth: { username, password } } }),
        upstreams: [{ kind: 'nucliofunction', nucliofunction: { name: flags.function } }],
        ...attrs,
      };
      const own = flags.project === undefined ? labels : { ...labels, [projectLabel]: flags.project };
      return create(shell, apiGateways, { metadata: { name: gateway, labels: own }, spec });
    });
  const at = `ampoule ${parent.name()} ${name} public --host weather.example --function hello`;
  return withExamples(command, at, `${at} --authentication-mode accessKey --attrs '{"rateLimit": {"requestsPerSecond": 10}}'`);
}

interface EventFlags {
  function: string;
  triggerName?: string;
  triggerKind?: string;
  displayName?: string;
  body?: string;
  attrs?: string;
}

export function addCreateEvent(parent: Command, name: string, shell: Shell): Command {
  const command = parent
    .command(`${name} [name]`)
    .description('keep an event to try a function with; without a name it gets one')
    .requiredOption('--function <name>', 'function that it is for')
    .option('--trigger-kind <kind>', 'kind of the trigger')
    .option('--trigger-name <name>', 'name of the trigger')
    .option('--display-name <text>', 'how people call it')
    .option('--body <text>', 'body of the event')
    .option('--attrs <json>', 'method, path and headers, in JSON')
    .action((event: string | undefined, { function: owner, attrs, ...given }: EventFlags) => {
      const { '--attrs': attributes } = parse(flagsSchema, { '--attrs': attrs }, 'The command line');
      return create(shell, functionEvents, {
        metadata: { name: event, labels: { [functionLabel]: owner } },
        spec: { ...given, attributes },
      });
    });
  return withExamples(command, `ampoule ${parent.name()} ${name} monday --function hello --body '{"day": 1}'`);
}

async function create(shell: Shell, kind: Kind, object: Created): Promise<void> {
  const api = await shell.connect();
  const { body } = await api.call('POST', kind.path, { headers: namespaceOf(api, kind), body: object });
  const created = parse(objectSchema, JSON.parse(body.toString()), 'The answer of the API');
  show(shell.printer, { data: created, text: () => `${kind.title} ${created.metadata.name} is created.` });
}
