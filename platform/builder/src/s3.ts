import { parse } from '@ampoule/lib/parse';
import { AwsClient } from 'aws4fetch';
import * as z from 'zod';

const attributesSchema = z.looseObject({
  s3Bucket: z.string().min(1),
  s3ItemKey: z.string().min(1),
  s3Region: z.string().nullish(),
  s3AccessKeyId: z.string().nullish(),
  s3SecretAccessKey: z.string().nullish(),
  s3SessionToken: z.string().nullish(),
});
const serverSchema = z.object({
  path: z
    .url({ protocol: /^https?$/, error: 'must be the http or https address of a server that speaks as S3 does' })
    .refine((text) => URL.parse(text)?.password === '', 'must hold no password: keys are codeEntryAttributes'),
});
const DEFAULT_REGION = 'us-east-1';

/**
 * The address of an archive in a bucket, and the headers that open it where there are keys. `endpoint` is a server inside the site that
 * speaks as S3 does, such as MinIO; by default that of Amazon.
 * @throws AMP_INPUT_INVALID where attributes are missing
 */
export async function s3ArchiveOf(
  endpoint: string,
  attributes: Record<string, unknown>,
): Promise<{ url: string; headers: Record<string, string> }> {
  const found = parse(attributesSchema, attributes, 'spec.build.codeEntryAttributes');
  const region = found.s3Region || DEFAULT_REGION;
  const server =
    endpoint === '' ? `https://s3.${region}.amazonaws.com` : parse(serverSchema, { path: endpoint }, 'spec.build').path.replace(/\/+$/, '');
  const url = [server, found.s3Bucket, ...found.s3ItemKey.split('/')]
    .map((part, i) => (i === 0 ? part : encodeURIComponent(part)))
    .join('/');
  if (!found.s3AccessKeyId) return { url, headers: {} };
  const client = new AwsClient({
    accessKeyId: found.s3AccessKeyId,
    secretAccessKey: found.s3SecretAccessKey ?? '',
    ...(found.s3SessionToken ? { sessionToken: found.s3SessionToken } : {}),
    service: 's3',
    region,
  });
  const { headers } = await client.sign(url);
  return { url, headers: Object.fromEntries(headers) };
}
