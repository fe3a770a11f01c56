import { createServer } from 'node:net';
import { codeOf } from '@ampoule/lib/errors';
import { installError } from './errors.ts';

/** The kernel gives an abstract socket to one process and takes it back when that process ends, however it ends. */
const NAME = '\0ampoule-change';

/** Makes sure that one command at a time changes this host, until the process ends. @throws AMP_INSTALL_LOCKED */
export function lockHost(name = NAME): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (codeOf(error) !== 'EADDRINUSE') return reject(error);
      return reject(
        installError('AMP_INSTALL_LOCKED', {
          what: 'Another ampoule command is changing this host',
          fix: 'Wait until it has ended, then run this one again.',
        }),
      );
    });
    server.listen(name, () => {
      server.unref();
      resolve();
    });
  });
}
