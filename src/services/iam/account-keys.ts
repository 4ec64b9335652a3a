// Root keys of every account but the home one: derived from a key of the installation, and so never stored.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

export interface AccountKeys {
  /** The root keys of an account (twelve digits). */
  keysOf(account: string): { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The account whose root's key id this is; undefined where this installation did not make it. */
  accountOf(accessKeyId: string): string | undefined;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const form = /^AKIA([A-Z2-7]{8})([A-Z2-7]{8})$/;
/** Forty bits hold twelve digits; as many are left of an id's usual twenty characters. */
const partBytes = 5;

/**
 * `key`: 32 secret bytes. An id is `AKIA`, the account and a proof, 40 bits each in base32: with AWS's own ids one can tell
 * the account too. The proof is short because it guards nothing: who guesses one (a trillion tries) has the name of a key,
 * not its secret, whose 240 bits authenticate. It is there so that made-up ids are unknown ids and take no room in caches.
 */
export function createAccountKeys(key: Uint8Array): AccountKeys {
  if (key.byteLength < 32) throw new Error('the key of the account keys has at least 32 bytes');
  const secret = createSecretKey(key);
  const mac = (purpose: string, account: string) =>
    createHmac('sha256', secret).update(`${purpose}\0${account}`).digest();
  const proofOf = (account: string) => encode(mac('id', account).subarray(0, partBytes));
  return {
    keysOf: (account) => ({
      accessKeyId: `AKIA${encode(bytesOf(account))}${proofOf(account)}`,
      secretAccessKey: mac('secret', account).subarray(0, 30).toString('base64'),
    }),
    accountOf(accessKeyId) {
      const [, accountPart, proof] = form.exec(accessKeyId) ?? [];
      if (accountPart === undefined || proof === undefined) return undefined;
      const account = String(decode(accountPart)).padStart(12, '0');
      return account.length === 12 && timingSafeEqual(Buffer.from(proof), Buffer.from(proofOf(account)))
        ? account
        : undefined;
    },
  };
}

function bytesOf(account: string): Buffer {
  if (!/^\d{12}$/.test(account)) throw new Error(`an account is twelve digits, not ${account}`);
  const bytes = Buffer.alloc(partBytes);
  bytes.writeUIntBE(Number(account), 0, partBytes);
  return bytes;
}

/** RFC 4648, section 6: five bytes are eight characters. */
function encode(bytes: Buffer): string {
  let rest = bytes.readUIntBE(0, partBytes);
  let text = '';
  for (let index = 0; index < 8; index++) {
    text = alphabet[rest % 32]! + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function decode(text: string): number {
  return Array.from(text).reduce((sum, character) => sum * 32 + alphabet.indexOf(character), 0);
}
