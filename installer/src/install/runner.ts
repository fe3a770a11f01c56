import { AmpouleError, codeOf, messageOf } from '@ampoule/lib/errors';
import { redact } from '../support/redact.ts';
import { installError } from './errors.ts';
import type { Journal } from './journal.ts';
import type { InstallContext, Step } from './step.ts';

/** What happens during an install, for whoever shows it. */
export type InstallEvent =
  | { event: 'begin'; step: string; title: string }
  | { event: 'progress'; step: string; title: string; message: string; done?: number; total?: number }
  | { event: 'done' | 'kept'; step: string; title: string; seconds: number };

/** Predicted against actual, in seconds. */
export interface StepReport {
  step: string;
  title: string;
  outcome: 'done' | 'kept';
  seconds: number;
  predictedSeconds: number;
}

/**
 * Runs the steps in order; the work of each is recorded before it begins and after it is done. A step that was cut short is
 * done again whatever its check says: files may be as wanted while the service that reads them is not. @throws AMP_INSTALL_STEP, AMP_INSTALL_DISK_FULL or AMP_NOT_READY
 */
export async function runSteps(
  steps: readonly Step[],
  context: InstallContext,
  journal: Journal,
  onEvent: (event: InstallEvent) => void,
): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  const unfinished = await journal.unfinished();
  for (const step of steps) {
    const { id, title, predictedSeconds } = step;
    const started = performance.now();
    const seconds = () => Math.round(performance.now() - started) / 1000;
    try {
      onEvent({ event: 'begin', step: id, title });
      const outcome = !unfinished.has(id) && (await step.check(context)) ? 'kept' : 'done';
      if (outcome === 'done') {
        await journal.append({ step: id, event: 'begin' });
        await step.apply(context, (message, done, total) =>
          onEvent({
            event: 'progress',
            step: id,
            title,
            message,
            ...(done === undefined ? {} : { done }),
            ...(total === undefined ? {} : { total }),
          }),
        );
      }
      await journal.append({ step: id, event: outcome, seconds: seconds() });
      onEvent({ event: outcome, step: id, title, seconds: seconds() });
      reports.push({ step: id, title, outcome, seconds: seconds(), predictedSeconds });
    } catch (error) {
      const failure = failureOf(step, error);
      // A full disk may hold the journal too; the error that the operator must see is the step's.
      await journal.append({ step: id, event: 'failed', error: redact(`${failure.code}: ${failure.message}`) }).catch(() => undefined);
      throw failure;
    }
  }
  return reports;
}

function failureOf(step: Step, error: unknown): AmpouleError {
  const text = messageOf(error);
  if (codeOf(error) === 'ENOSPC' || /ENOSPC|no space left on device/i.test(text)) {
    return installError('AMP_INSTALL_DISK_FULL', {
      what: `The disk became full during "${step.title}"`,
      why: redact(text),
      fix: `Make room on the file system of ${step.writes.join(', ')}, then run "ampoule install" again: it goes on where it stopped.`,
      cause: error,
    });
  }
  if (error instanceof AmpouleError && error.code === 'AMP_NOT_READY') {
    // Its reason quotes logs of services and pods.
    const { what, why, fix } = error;
    return installError('AMP_NOT_READY', { what, ...(why === undefined ? {} : { why: redact(why) }), fix, cause: error });
  }
  return installError('AMP_INSTALL_STEP', {
    what: `"${step.title}" failed`,
    why: redact(error instanceof AmpouleError ? `${error.code}: ${error.message}` : text),
    fix: error instanceof AmpouleError ? error.fix : 'Mend the cause, then run "ampoule install" again: it goes on where it stopped.',
    cause: error,
  });
}
