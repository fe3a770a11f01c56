/** An answer that Caddy gives by itself. */
export function json(status: number | string, body: object, headers: Record<string, string[]> = {}): object {
  return {
    handler: 'static_response',
    status_code: status,
    headers: { 'Content-Type': ['application/json'], ...headers },
    body: JSON.stringify(body),
  };
}
