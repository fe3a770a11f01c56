/** An answer that Caddy gives by itself. */
export function json(status: number | string, body: object): object {
  return {
    handler: 'static_response',
    status_code: status,
    headers: { 'Content-Type': ['application/json'] },
    body: JSON.stringify(body),
  };
}
