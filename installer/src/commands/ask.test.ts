import { PassThrough } from 'node:stream';
import inquirer from 'inquirer';
import { expect, it } from 'vitest';
import { fitHost } from '../host/testing/fit-host.ts';
import type { PreparedInstall } from '../install/install.ts';
import { resolved } from '../install/testing.ts';
import { askAnswers, confirmInstall } from './ask.ts';

const CTRL_C = '\u0003';
const ENTER = '\r';

/** A person at a terminal, who types an answer whenever the words before it have appeared. */
function person(script: readonly (readonly [appears: string, types: string])[]) {
  const input = new PassThrough();
  // Each question ends its output, which a terminal does not heed.
  const output: PassThrough = Object.assign(new PassThrough(), { end: () => output });
  const waiting = [...script];
  let seen = '';
  output.on('data', (chunk) => {
    seen += String(chunk);
    const [next] = waiting;
    if (next === undefined || !seen.includes(next[0])) return;
    waiting.shift();
    seen = '';
    setTimeout(() => input.write(next[1]), 20);
  });
  return inquirer.createPromptModule({ input, output }) as typeof inquirer.prompt;
}

it('offers the address of the host and the usual networks', async () => {
  const prompt = person([
    ['10.0.0.5', ENTER],
    ['ampoule.internal', ENTER],
    ['10.244.0.0/16', ENTER],
    ['10.96.0.0/16', ENTER],
  ]);
  expect(await askAnswers(await fitHost(), prompt)).toEqual({
    nodeAddress: '10.0.0.5',
    hostname: 'ampoule.internal',
    podCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/16',
  });
});

it('asks again until an answer is valid, by the rules of the file of answers', async () => {
  const prompt = person([
    ['Address of this host', `nowhere${ENTER}`],
    ['must be an IPv4 address', `\u001510.0.0.9${ENTER}`],
    ['ampoule.internal', `site.example${ENTER}`],
    ['10.244.0.0/16', `10.200.0.0${ENTER}`],
    ['must be an IPv4 network', `/16${ENTER}`],
    ['10.96.0.0/16', ENTER],
  ]);
  const host = await fitHost({ '/proc/net/route': 'Iface\n' }, { addresses: () => [] });
  expect(await askAnswers(host, prompt)).toMatchObject({ nodeAddress: '10.0.0.9', hostname: 'site.example', podCidr: '10.200.0.0/16' });
});

it('takes Ctrl-C for an answer', async () => {
  const prompt = person([['Address of this host', CTRL_C]]);
  await expect(askAnswers(await fitHost(), prompt)).rejects.toMatchObject({ code: 'AMP_INSTALL_ABORTED' });
});

const FINGERPRINT = 'SHA256:0123-4567';
const isTheKey: [string, string] = ['Is this the fingerprint', `y${ENTER}`];

it.each([
  ['the key and the host', true, [isTheKey, ['Install the appliance on node1 (10.0.0.5)', `y${ENTER}`]], true],
  ['the key alone', true, [isTheKey, ['Install the appliance', `n${ENTER}`]], false],
  ['the key alone, with Ctrl-C for the host', true, [isTheKey, ['Install the appliance', CTRL_C]], false],
  ['nothing', true, [['Is this the fingerprint', ENTER]], false],
  ['the host, and the key is trusted already', false, [['Install the appliance', `y${ENTER}`]], true],
] as [string, boolean, [string, string][], boolean][])(
  'shows the plan and goes on only after a yes to all that is asked: %s',
  async (_to, unconfirmed, script, goesOn) => {
    const plan = { steps: [], bytes: 1, predictedSeconds: 1 };
    const prepared = { plan, fingerprint: FINGERPRINT, unconfirmed, context: { config: resolved } };
    const lines: string[] = [];
    const printer = { line: (line: string) => lines.push(line), result: () => undefined, error: () => undefined };
    const confirmed = confirmInstall(prepared as unknown as PreparedInstall, printer, person(script));
    if (goesOn) await confirmed;
    else await expect(confirmed).rejects.toMatchObject({ code: 'AMP_INSTALL_ABORTED' });
    expect(lines[0]).toContain('In all, with working space');
    expect(lines.at(-1)?.includes(FINGERPRINT)).toBe(unconfirmed);
  },
);
