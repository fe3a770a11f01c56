import * as z from 'zod';
import { strings } from './metadata.ts';

/** The modes of authentication that the gateway knows. */
export const authenticationModes: readonly string[] = ['none', 'basicAuth', 'accessKey', 'jwt', 'clientCertificate'];

const MAX_REQUESTS_PER_SECOND = 1_000_000;
const MIN_REQUESTS_PER_SECOND = 0.001;

/** Names whose hash is known. The key itself is random, 256 bits, so that a plain hash says nothing about it. */
const accessKeySchema = z.looseObject({
  /** What the function is told in `X-Ampoule-Caller`. */
  name: z.string().regex(/^[A-Za-z0-9]([\w.@-]{0,61}[A-Za-z0-9])?$/, 'must be letters, digits and . _ @ -, at most 63'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the key in lower-case hex'),
  createdAt: z.string().optional(),
});
export type AccessKey = z.output<typeof accessKeySchema>;

const jwtSchema = z.looseObject({
  /** What `iss` has to be. */
  issuer: z.string().optional(),
  /** `aud` has to name one of them; any will do where there are none. */
  audiences: z.array(z.string()).nullish(),
  /** https://www.rfc-editor.org/rfc/rfc7517#section-5 */
  jwks: z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) }).nullish(),
  jwksUrl: z.string().optional(),
  /** PEM of the authorities to trust at jwksUrl. */
  jwksCa: z.string().optional(),
  /** Which claim goes to the function in which header. */
  claimHeaders: strings.nullish(),
});
export type ApiGatewayJwt = z.output<typeof jwtSchema>;

/** Where a gateway has its only secret: of access keys it has the hashes, and all else in it is public. */
export const PASSWORD_FIELD = '/spec/authentication/basicAuth/password';

const basicAuthSchema = z.looseObject({
  username: z.string().optional(),
  /** Once it is taken out, a reference to what it is. */
  password: z.string().optional(),
  /** Ours: what the gateway knows a password by that was taken out; one of bcrypt, whose cost is no burden for who checks it. */
  passwordHash: z
    .string()
    .regex(/^\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$/, 'must be a hash of bcrypt with a cost of 4 to 14')
    .optional(),
});

/** Who may call. All but basicAuth and dexAuth is ours; Nuclio's clients let it pass. */
export const authenticationSchema = z.looseObject({
  basicAuth: basicAuthSchema.nullish(),
  dexAuth: z.looseObject({ oauth2ProxyUrl: z.string().optional(), redirectUnauthorizedToSignIn: z.boolean().optional() }).nullish(),
  accessKeys: z.array(accessKeySchema).nullish(),
  jwt: jwtSchema.nullish(),
  clientCertificate: z
    .looseObject({
      /** PEM of the authorities whose certificates are let in. */
      ca: z.string().optional(),
    })
    .nullish(),
});
export type ApiGatewayAuthentication = z.output<typeof authenticationSchema>;

/** Ours: how many requests come through. */
export const rateLimitSchema = z.looseObject({
  requestsPerSecond: z.number().min(MIN_REQUESTS_PER_SECOND).max(MAX_REQUESTS_PER_SECOND),
  /** How many may come at once; as many as in a second by default. */
  burst: z.int().min(1).max(MAX_REQUESTS_PER_SECOND).optional(),
  /** Who shares the limit: everybody (the default), an address, or a caller. */
  per: z.enum(['gateway', 'ip', 'caller']).optional(),
});
export type ApiGatewayRateLimit = z.output<typeof rateLimitSchema>;
