// The root keys of any account, as the control plane takes them.
import { accountKeysPurpose, sealingKeyIn, type KeyPair } from '#keys.ts';
import { createAccountKeys } from '#services/iam/account-keys.ts';
import type { Installation } from './installation.ts';

/** The home account's keys are kept, every other one's derived. Throws Error for what is no account. */
export function rootKeysOf(account: string, installation: Installation, data: string): KeyPair {
  if (!/^\d{12}$/.test(account)) throw new Error(`--account must be twelve digits; got ${account || '""'}`);
  if (account === installation.home.account) return installation;
  const key = sealingKeyIn(data, accountKeysPurpose);
  if (key === undefined) throw new Error(`Berth is starting on ${data}. Try again in a moment.`);
  return createAccountKeys(key).keysOf(account);
}
