import { expect } from 'vitest';
import type { viewOf } from '../invocation.ts';

export interface Ports {
  public: number;
  admin: number;
  intake: number;
  status: number;
}

export type View = ReturnType<typeof viewOf>;

export interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

/** Asks an invoker as its callers and the dashboard do. */
export function clientOf(ports: Ports) {
  const ask = (port: number, method: string, path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
  const admin = (method: string, path: string) => ask(ports.admin, method, path, { authorization: 'Bearer token of tests' });
  const invoke = (functionName: string, path = '/', { method = 'POST', headers = {}, body = 'hello' }: Sent = {}) =>
    fetch(`http://127.0.0.1:${ports.intake}${path}`, {
      method,
      headers: {
        'x-ampoule-invoker-token': 'token of intake tests',
        'x-ampoule-function': functionName,
        prefer: 'respond-async',
        ...headers,
      },
      ...(method === 'GET' ? {} : { body }),
    });
  const show = async (id: string) => (await (await ask(ports.public, 'GET', `/invocations/${id}`)).json()) as View;
  return {
    invoke,
    show,
    /** The id of an invocation that has to be taken. */
    async idOf(functionName: string, path = '/', sent: Sent = {}): Promise<string> {
      const response = await invoke(functionName, path, sent);
      const { id } = (await response.json()) as { id: string };
      expect({ status: response.status, location: response.headers.get('location') }).toEqual({
        status: 202,
        location: `/invocations/${id}`,
      });
      return id;
    },
    public: (method: string, path: string) => ask(ports.public, method, path),
    admin,
    async list<T>(path: string, field: string): Promise<T[]> {
      return ((await (await admin('GET', path)).json()) as Record<string, T[]>)[field] ?? [];
    },
    async metrics(): Promise<string> {
      return (await ask(ports.status, 'GET', '/metrics')).text();
    },
    async until(id: string, state: View['state'], timeout = 10_000): Promise<View> {
      await expect.poll(async () => (await show(id)).state, { timeout, interval: 20 }).toBe(state);
      return show(id);
    },
  };
}

export type Client = ReturnType<typeof clientOf>;
