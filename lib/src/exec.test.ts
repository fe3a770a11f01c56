import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { exec, tryExec } from './exec.ts';

const shell = (script: string): [string, string[]] => ['sh', ['-c', script]];

it('gives exit code, output and errors', async () => {
  expect(await tryExec(...shell('echo out; echo err >&2; exit 3'))).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
});

it('gives the standard output of a program that succeeds', async () => {
  expect(await exec('printf', ['%s|', 'a b', '$HOME'])).toBe('a b|$HOME|');
});

it('hands over input, folder and variables', async () => {
  expect(await exec(...shell('cat; pwd; echo $COLOUR'), { input: 'in\n', cwd: '/', env: { COLOUR: 'red' } })).toBe('in\n/\nred\n');
});

it('survives a program that does not read its input', async () => {
  expect((await tryExec('true', [], { input: 'x'.repeat(1 << 20) })).code).toBe(0);
});

it('keeps characters whole that are cut between pieces of output', async () => {
  expect(await exec(...shell("printf '\\303'; sleep 0.1; printf '\\244'"))).toBe('ä');
});

it('tells of output as it comes', async () => {
  const seen: string[] = [];
  await exec(...shell('echo one; sleep 0.1; echo two'), { onOutput: (text) => seen.push(text) });
  expect(seen).toEqual(['one\n', 'two\n']);
});

it('fails with the last lines of the errors', async () => {
  await expect(exec(...shell('seq 100 >&2; exit 2'))).rejects.toMatchObject({
    code: 'AMP_COMMAND_FAILED',
    what: 'sh -c ended with code 2',
    why: Array.from({ length: 15 }, (_, i) => 86 + i).join('\n'),
  });
});

it('shows the output of a program that fails without a word of error', async () => {
  await expect(exec(...shell('echo reason; exit 1'))).rejects.toMatchObject({ why: 'reason' });
});

it('gives the code of a shell for a program that a signal ended', async () => {
  expect((await tryExec(...shell('kill -KILL $$'))).code).toBe(137);
});

it('names a program that is not there', async () => {
  await expect(tryExec('no-such-program', [])).rejects.toMatchObject({
    code: 'AMP_COMMAND_FAILED',
    what: 'no-such-program cannot be started',
  });
});

it('kills what does not end in time, and tells what it said', async () => {
  let said = '';
  const onOutput = (text: string) => {
    said += text;
  };
  const timedOut = await tryExec(...shell('echo $$; exec sleep 60'), { timeoutMs: 300, onOutput }).catch((error: unknown) => error);
  expect(timedOut).toMatchObject({ code: 'AMP_COMMAND_TIMEOUT', what: 'sh -c did not end within 0.3 s', why: said.trim() });
  await sleep(50);
  expect(() => process.kill(Number(said), 0)).toThrowError('ESRCH');
});
