import type { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import type { V1Service } from '@ampoule/platform-api/kube/types';
import type { Kubelet } from './kubelet.ts';

const TICK_MS = 5;
/** What the API server knows reaches the rules of a node this much later. */
const LAG_MS = 60;

/** Leads to where a function's Service led a moment ago, as the rules of kube-proxy do. */
export class ServiceRules {
  readonly #timer: NodeJS.Timeout;
  #port: number | undefined;

  constructor(api: FakeApi, path: string, { kubelet, activatorPort }: { kubelet: Kubelet; activatorPort: number }) {
    this.#timer = setInterval(() => {
      const selector = (api.objects.get(path) as V1Service | undefined)?.spec?.selector;
      if (selector === undefined) return;
      const port = selector['nuclio.io/app'] === 'dlx' ? activatorPort : kubelet.port;
      setTimeout(() => {
        // Without an endpoint the old rule is gone too; a test would see the refused connection.
        this.#port = port;
      }, LAG_MS);
    }, TICK_MS);
  }

  get port(): number | undefined {
    return this.#port;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
