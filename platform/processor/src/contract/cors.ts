import type { Row, Sent } from './row.ts';

/** The attribute `cors` of a trigger that the table is for. */
export const corsAttribute = {
  enabled: true,
  allowOrigins: ['https://a.example', 'https://b.example'],
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['Content-Type', 'X-Wanted'],
  exposeHeaders: ['X-Seen', 'X-Nuclio-Logs'],
  allowCredentials: true,
  preflightMaxAgeSeconds: 60,
};

const ORIGIN = 'https://a.example';
const preflight = (headers: Record<string, string>): Sent => ({ path: '/text', method: 'OPTIONS', headers });
const asked = { origin: ORIGIN, 'access-control-request-method': 'POST' };
const refused = { status: 400, headers: { 'access-control-allow-origin': undefined, vary: 'Origin' }, body: '' };
const granted = {
  status: 200,
  headers: {
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'Content-Type, X-Wanted',
    'access-control-allow-credentials': 'true',
    'access-control-max-age': '60',
    vary: 'Origin',
  },
  body: '',
};

/** Preflights, which the processor answers, and requests from other origins. */
export const cors: readonly Row[] = [
  { shows: 'what is allowed to a preflight', sent: preflight(asked), expected: granted },
  {
    shows: 'what is allowed to a preflight for a header, in any case',
    sent: preflight({ ...asked, 'access-control-request-headers': 'x-wanted, content-type' }),
    expected: granted,
  },
  {
    shows: 'a preflight from another origin its refusal',
    sent: preflight({ ...asked, origin: 'https://evil.example' }),
    expected: refused,
  },
  {
    shows: 'a preflight for another method its refusal',
    sent: preflight({ ...asked, 'access-control-request-method': 'DELETE' }),
    expected: refused,
  },
  {
    shows: 'a preflight for another header its refusal',
    sent: preflight({ ...asked, 'access-control-request-headers': 'x-other' }),
    expected: refused,
  },
  { shows: 'a preflight without a method its refusal', sent: preflight({ origin: ORIGIN }), expected: refused },
  {
    shows: 'a request from an allowed origin with its headers',
    sent: { path: '/text', headers: { origin: 'https://b.example' } },
    expected: {
      status: 200,
      headers: {
        'access-control-allow-origin': 'https://b.example',
        'access-control-expose-headers': 'X-Seen, X-Nuclio-Logs',
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      },
      body: 'grüße €',
    },
  },
  {
    shows: 'a request from another origin nothing',
    sent: { path: '/text', headers: { origin: 'https://evil.example' } },
    expected: { status: 200, headers: { 'access-control-allow-origin': undefined, vary: 'Origin' }, body: '' },
  },
  {
    shows: 'a request without an origin as ever',
    sent: { path: '/text' },
    expected: { status: 200, headers: { 'access-control-allow-origin': undefined }, body: 'grüße €' },
  },
];
