import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { KafkaAttributes } from './attributes.ts';

const TIMEOUT_MS = 10_000;
/** A token is used for this part of its life. */
const USED_PART = 0.8;
const MS_PER_SECOND = 1000;
/** Far more than a token has; an answer without an end would take all memory. */
const MOST_BYTES = 65_536;

const answerSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().optional() });

/** Gives tokens of an OAuth 2.0 authorization server for client credentials (RFC 6749, section 4.4). */
export function tokenSource({ clientID, clientSecret, tokenURL, scopes }: KafkaAttributes['sasl']['oauth']): () => Promise<string> {
  let token = '';
  let usedUntil = 0;
  return async () => {
    if (Date.now() < usedUntil) return token;
    const credentials = `${encodeURIComponent(clientID)}:${encodeURIComponent(clientSecret)}`;
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scopes.length > 0 && { scope: scopes.join(' ') }) });
    const response = await fetch(tokenURL, {
      method: 'POST',
      body,
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}`, accept: 'application/json' },
      // The secret is for this server alone.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await bounded(response);
    if (!response.ok) throw new Error(`the token server answers with status ${response.status}`);
    const answer = parseJson(answerSchema, text, 'The answer of the token server');
    token = answer.access_token;
    usedUntil = Date.now() + (answer.expires_in ?? 0) * USED_PART * MS_PER_SECOND;
    return token;
  };
}

async function bounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the token server answers with more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
