import { statusOf } from '../errors.ts';
import type { Intake } from '../intake.ts';
import type { InvokerMetrics } from '../metrics.ts';
import { withBody } from './body.ts';
import type { Room } from './room.ts';
import type { Handler } from './serve.ts';

export interface IntakeHandlerOptions {
  intake: Intake;
  metrics: InvokerMetrics;
  maxBodyBytes: number;
  room: Room;
}

/** Answers each request with where its result will be: https://www.rfc-editor.org/rfc/rfc7240#section-4.1 */
export function intakeHandler({ intake, metrics, maxBodyBytes: maxBytes, room }: IntakeHandlerOptions): Handler {
  return async (request) => {
    try {
      const { method = 'GET', url: path = '/', headers, rawHeaders } = request;
      const { id, state } = await withBody(request, { maxBytes, room }, (body) =>
        intake.accept({ method, path, headers, rawHeaders, body }),
      );
      metrics.asked('taken');
      return { status: 202, headers: { location: `/invocations/${id}`, 'preference-applied': 'respond-async' }, body: { id, state } };
    } catch (error) {
      metrics.asked(String(statusOf(error)));
      throw error;
    }
  };
}
