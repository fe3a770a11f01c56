import { type KeyObject, sign, verify } from 'node:crypto';
import { digestOf } from '@ampoule/lib/oci/digest';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { platformError } from './errors.ts';

/** Where a warm pod waits for its binding. */
export const warm = { port: 8083, path: '/binding', health: '/healthz' } as const;

const layerSchema = z.object({ digest: z.string(), size: z.int().min(0) });
const bindingSchema = z.object({
  /** The uid of the pod that may take it, so that nobody else can use it a second time. */
  pod: z.string().min(1),
  /** What its own pods would find in processor.yaml and platform.yaml. */
  processorConfig: z.string(),
  platformConfig: z.string(),
  env: z.record(z.string(), z.string()),
  /** Of the code: what the function's image has above that of its runtime. Gzipped tars. */
  layers: z.array(layerSchema),
});

/** What makes a warm pod, which is no function's so far, the pod of a function. */
export type Binding = z.output<typeof bindingSchema>;

/** Of an Ed25519 signature: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.6 */
const SIGNATURE_BYTES = 64;
const LENGTH_BYTES = 4;
const HEAD_BYTES = SIGNATURE_BYTES + LENGTH_BYTES;

/** A signed message of a binding: signature, length of the JSON, JSON, then the layers in their order, whose digests the JSON has. */
export function packBinding(binding: Omit<Binding, 'layers'>, layers: readonly Buffer[], privateKey: KeyObject): Buffer {
  const described = layers.map((bytes) => ({ digest: digestOf(bytes), size: bytes.length }));
  const json = Buffer.from(JSON.stringify({ ...binding, layers: described } satisfies Binding));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(json.length);
  return Buffer.concat([sign(null, json, privateKey), length, json, ...layers]);
}

/** The binding of a message and its layers. @throws AMP_WARM_BINDING where it is not whole, or not signed with the key */
export function unpackBinding(message: Buffer, publicKey: KeyObject): { binding: Binding; layers: Buffer[] } {
  if (message.length < HEAD_BYTES) throw refused('it is cut off');
  const jsonEnd = HEAD_BYTES + message.readUInt32BE(SIGNATURE_BYTES);
  const json = message.subarray(HEAD_BYTES, jsonEnd);
  if (!verify(null, json, publicKey, message.subarray(0, SIGNATURE_BYTES))) throw refused('its signature is not that of the controller');
  const binding = parseJson(bindingSchema, json.toString('utf8'), 'the binding');
  let at = jsonEnd;
  const layers = binding.layers.map(({ digest, size }) => {
    const bytes = message.subarray(at, at + size);
    at += size;
    if (digestOf(bytes) !== digest) throw refused(`layer ${digest} is not what it should be`);
    return bytes;
  });
  return { binding, layers };
}

function refused(why: string) {
  return platformError('AMP_WARM_BINDING', {
    what: 'A warm pod does not take a binding',
    why,
    fix: 'Only the controller can bind warm pods. Where it tried: run install again, which gives both sides their keys.',
  });
}
