// For tests: requests signed by the SDK's own signer, and the verifier that they are held against.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { parseClaim } from './signed-claim.ts';
import type { Family } from './signature-errors.ts';
import { SigningKeys } from './signing-keys.ts';
import { verify, type SigningCredential, type Verified } from './sigv4.ts';
import type { WireRequest } from './wire.ts';

const accessKeyId = 'AKIDEXAMPLE';
export const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
export const signedAt = new Date('2026-03-04T05:06:07Z');
export const keys = new SigningKeys();
export const longTerm: SigningCredential = {
  principal: { account: '123456789012', arn: 'arn:aws:iam::123456789012:root', userId: '123456789012', accessKeyId },
  secretAccessKey,
};

export interface Situation {
  readonly now?: Date;
  readonly credential?: SigningCredential | undefined;
}

export function authenticate(request: WireRequest, family: Family, situation: Situation = {}): Verified {
  const claim = parseClaim(request, family);
  assert.ok(claim, 'the request carries a claim');
  const known = 'credential' in situation ? situation.credential : longTerm;
  const credential = (id: string) => (id === accessKeyId ? known : undefined);
  return verify(request, claim, { family, now: situation.now ?? signedAt, keys, credential });
}

/** The signer's hash, from node:crypto. */
export class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = secret === undefined || typeof secret === 'string' ? secret : Buffer.from(secret as Uint8Array);
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {}
}

export interface Plan {
  readonly family: Family;
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string | string[]>;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly sessionToken?: string;
  /** Seconds; absent for the header form. */
  readonly expiresIn?: number;
}

export const escape = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export const simple: Plan = {
  family: 'json',
  method: 'POST',
  path: '/',
  query: {},
  headers: {},
  body: Buffer.from('{}'),
};

/** Signs a plan with the SDK's signer and puts it on the wire. */
export async function sign(plan: Plan): Promise<WireRequest> {
  const s3 = plan.family === 's3';
  const signer = new SignatureV4({
    service: s3 ? 's3' : 'ecs',
    region: 'eu-west-1',
    credentials: { accessKeyId, secretAccessKey, sessionToken: plan.sessionToken },
    sha256: Sha256,
    uriEscapePath: !s3,
    applyChecksum: s3,
  });
  const { method, path, query, body } = plan;
  const headers: Record<string, string> = { ...plan.headers, host: '127.0.0.1:4566' };
  if (s3 && plan.expiresIn !== undefined) headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
  const unsigned = { method, protocol: 'http:', hostname: '127.0.0.1', path, query, headers, body };
  const options = { signingDate: signedAt };
  const signed =
    plan.expiresIn === undefined
      ? await signer.sign(unsigned, options)
      : await signer.presign(unsigned, { ...options, expiresIn: plan.expiresIn });
  const pairs = Object.entries(signed.query ?? {}).flatMap(([key, value]) =>
    [value ?? []].flat().map((one) => `${escape(key)}=${escape(one)}`),
  );
  return { method, path, query: pairs.toReversed().join('&'), headers: signed.headers, body };
}
