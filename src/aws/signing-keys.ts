// SigV4 signing keys, derived once per access key, day, region and service.
import { createHmac } from 'node:crypto';
import { SigningKey } from './signing-key.ts';

/** What a signing key is derived for. */
export interface KeyScope {
  readonly accessKeyId: string;
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** A bounded cache of signing keys. */
export class SigningKeys {
  readonly #keys = new Map<string, { readonly secret: string; readonly key: SigningKey }>();
  readonly #capacity: number;

  constructor(capacity = 1024) {
    this.#capacity = capacity;
  }

  /** The signing key of a scope; derived anew where the secret is another than before. */
  key(scope: KeyScope, secret: string): SigningKey {
    const name = `${scope.accessKeyId}/${scope.date}/${scope.region}/${scope.service}`;
    const known = this.#keys.get(name);
    if (known?.secret === secret) return known.key;
    const key = deriveKey(scope, secret);
    // Maps keep insertion order, so the first is the oldest; yesterday's keys leave by themselves.
    if (known === undefined && this.#keys.size >= this.#capacity) this.#keys.delete(this.#keys.keys().next().value!);
    this.#keys.set(name, { secret, key });
    return key;
  }

  get size(): number {
    return this.#keys.size;
  }
}

function deriveKey(scope: KeyScope, secret: string): SigningKey {
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const date = hmac(`AWS4${secret}`, scope.date);
  return new SigningKey(hmac(hmac(hmac(date, scope.region), scope.service), 'aws4_request'));
}
