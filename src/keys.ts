// The secrets of an installation: its root keys and the key that tokens are sealed with. Made once, kept in its directory.
import { hkdfSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDirectory } from '#kernel/data-directory.ts';
import { base32Id, hexId } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';

/** A key pair that signs requests. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const credentialsFile = 'credentials';
const sealingKeyFile = 'sealing-key';
const installationFile = 'installation';

/** The root keys: those chosen, else those kept, else new ones. Kept in `credentials`, which the AWS tools can read. */
export function rootKeys(directory: DataDirectory, chosen: KeyPair | undefined, random: Random): KeyPair {
  const kept = readRootKeys(directory.path);
  const keys = chosen ?? kept ?? newKeyPair(random);
  if (keys.accessKeyId !== kept?.accessKeyId || keys.secretAccessKey !== kept.secretAccessKey) {
    directory.write(credentialsFile, formatCredentials(keys));
  }
  return keys;
}

/** The root keys kept in a data directory, or undefined where there are none yet. */
export function readRootKeys(path: string): KeyPair | undefined {
  const file = join(path, credentialsFile);
  if (!existsSync(file)) return undefined;
  const content = readFileSync(file, 'utf8');
  const member = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)\\s*$`, 'm').exec(content)?.[1];
  const accessKeyId = member('aws_access_key_id');
  const secretAccessKey = member('aws_secret_access_key');
  if (!accessKeyId || !secretAccessKey) throw new Error(`${file} does not hold a key pair`);
  return { accessKeyId, secretAccessKey };
}

/** https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html */
function formatCredentials(keys: KeyPair): string {
  return `[default]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`;
}

function newKeyPair(random: Random): KeyPair {
  return { accessKeyId: `AKIA${base32Id(16, random)}`, secretAccessKey: random.bytes(30).toString('base64') };
}

/** A 32-byte key for one purpose, derived from the installation's sealing key (HKDF, RFC 5869). */
export function sealingKey(directory: DataDirectory, purpose: string, random: Random): Buffer {
  return derive(
    keptOrNew(directory, sealingKeyFile, () => random.bytes(32).toString('hex')),
    purpose,
  );
}

/** What the root keys of other accounts are derived from: the command derives the same ones as the control plane. */
export const accountKeysPurpose = 'account keys';

/** The same key as it is kept in a data directory, or undefined where nothing was started on it yet. */
export function sealingKeyIn(path: string, purpose: string): Buffer | undefined {
  const kept = readKept(path, sealingKeyFile);
  return kept === undefined ? undefined : derive(kept, purpose);
}

function derive(root: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(root, 'hex'), Buffer.alloc(0), `berth ${purpose}`, 32));
}

/** What tells this installation's containers from those of others on the same engine. */
export function installationId(directory: DataDirectory, random: Random): string {
  return keptOrNew(directory, installationFile, () => hexId(random));
}

/** The same as it is kept in a data directory, or undefined where nothing was started on it yet. */
export function installationIn(path: string): string | undefined {
  return readKept(path, installationFile);
}

function keptOrNew(directory: DataDirectory, name: string, make: () => string): string {
  const before = readKept(directory.path, name);
  if (before !== undefined) return before;
  const made = make();
  directory.write(name, `${made}\n`);
  return made;
}

function readKept(path: string, name: string): string | undefined {
  const file = join(path, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
