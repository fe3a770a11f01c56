import { PlainServer } from '../triggers/http/plain-server.ts';
import type { AdminTrigger } from './answers.ts';

const MAX_HEAD = 8192;

/** The port that Nuclio calls web admin: what triggers there are and what they have done. It changes nothing. */
export function adminServer(triggers: readonly AdminTrigger[]): PlainServer {
  return new PlainServer({
    maxHead: MAX_HEAD,
    maxBody: 0,
    request({ method, target }, send) {
      // Rarely asked for, and not needed for a start.
      void import('./answers.ts').then(({ answerFor }) => {
        const found = answerFor(target.split('?')[0] ?? '', triggers);
        const isRead = method === 'GET' || method === 'HEAD';
        const status = found === undefined ? 404 : isRead ? 200 : 405;
        const content = status === 200 ? found : { error: status === 404 ? 'Not found' : 'Only GET is allowed' };
        send({ status, head: 'content-type: application/json\r\n', body: Buffer.from(JSON.stringify(content)), duration: 0 }, '');
      });
    },
  });
}
