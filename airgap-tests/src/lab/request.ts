import { createHash, randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { labError } from './errors.ts';
import { labName, SWITCH } from './paths.ts';

export interface LabRequest {
  /** The host that answers; the URL's own host name is sent to it, whatever it is. */
  host: { readonly address: string };
  url: string;
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Certificate authorities in PEM form; nothing else is trusted. */
  ca?: string;
  /** Default 30 s. */
  timeoutMs?: number;
}

export interface LabResponse {
  status: number;
  /** By lower-case name; several of one name are joined with `, `. */
  headers: Record<string, string>;
  body: string;
}

/** Sends an HTTP request from the switch of a run, as a client in the same sealed network would. @throws AMP_LAB_REQUEST */
export async function request(run: string, directory: string, options: LabRequest): Promise<LabResponse> {
  const { host, url, method = 'GET', headers = {}, body, ca, timeoutMs = 30_000 } = options;
  const { hostname, port, protocol } = new URL(url);
  const target = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}:${host.address}`;
  const args = [
    // First and alone: the settings of whoever runs the tests do not count.
    '--disable',
    ...['--silent', '--show-error', '--include', '--http1.1', '--noproxy', '*', '--max-time', `${timeoutMs / 1000}`],
    ...['--resolve', target, ...(method === 'HEAD' ? ['--head'] : ['--request', method])],
    ...Object.entries({ Expect: '', ...headers }).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...(ca === undefined ? [] : ['--cacert', await authorityFile(directory, ca)]),
    ...(body === undefined ? [] : ['--data-binary', '@-']),
  ];
  const { code, stdout, stderr } = await tryExec('ip', ['netns', 'exec', labName(run, SWITCH), 'curl', ...args, '--', url], {
    timeoutMs: timeoutMs + 5_000,
    ...(body === undefined ? {} : { input: body }),
  });
  if (code === 0) return parseResponse(stdout);
  throw labError('AMP_LAB_REQUEST', {
    what: `${method} ${url} got no answer`,
    why: stderr.trim(),
    fix: 'Look at the service in the host: is it running, and is this its address?',
  });
}

function parseResponse(text: string): LabResponse {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(first.split(' ')[1]);
  const rest = text.slice(end + 4);
  // Before the answer there may be interim ones such as `100 Continue`.
  if (status < 200 && status !== 101) return parseResponse(rest);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [name = '', value = ''] = [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()];
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status, headers, body: rest };
}

async function authorityFile(directory: string, pem: string): Promise<string> {
  const file = join(directory, `ca-${createHash('sha256').update(pem).digest('hex').slice(0, 16)}.pem`);
  // Another request may read it at this moment.
  const unfinished = `${file}-${randomUUID()}`;
  await writeFile(unfinished, pem);
  await rename(unfinished, file);
  return file;
}
