// Digests, namespaces and upload ids: only what matches here ever becomes a part of a path.
import { BlobError } from './blobs.ts';
import type { Digest } from './blobs.ts';

export type Algorithm = 'sha256' | 'sha512';

const digestForm = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const partForm = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const uploadForm = /^[0-9a-f]{32}$/;
/** Names of folders that stand beside namespaces. */
const reserved: ReadonlySet<string> = new Set(['sha256', 'sha512', 'uploads', 'damaged']);

/** A digest's algorithm and hexadecimal digits. Throws `invalid-digest`. */
export function parseDigest(digest: Digest): { readonly algorithm: Algorithm; readonly hex: string } {
  if (!digestForm.test(digest)) throw new BlobError('invalid-digest', `Not a digest: ${digest.slice(0, 200)}`);
  const [algorithm, hex] = digest.split(':') as [Algorithm, string];
  return { algorithm, hex };
}

/** Whether a text can be a part of a namespace. */
export function isNamespacePart(text: string): boolean {
  return partForm.test(text) && !reserved.has(text);
}

/** The parts of a namespace. Throws `invalid-namespace`. */
export function parseNamespace(namespace: string): readonly string[] {
  const parts = namespace.split('/');
  if (parts.length <= 8 && parts.every(isNamespacePart)) return parts;
  throw new BlobError('invalid-namespace', `Not a namespace: ${namespace.slice(0, 200)}`);
}

/** Whether a text can be an upload's id. */
export function isUploadId(id: string): boolean {
  return uploadForm.test(id);
}

/** The error for a blob that is not there. */
export function noSuchBlob(digest: Digest): BlobError {
  return new BlobError('not-found', `No such blob: ${digest}`);
}

/** The error for an upload that is not there. */
export function noSuchUpload(id: string): BlobError {
  return new BlobError('not-found', `No such upload: ${id.slice(0, 200)}`);
}

/** The error for an append elsewhere than at the end. */
export function wrongOffset(offset: number, size: number): BlobError {
  return new BlobError('range', `The upload has ${size} bytes; these are to go to ${offset}`);
}

/** The error for a blob whose bytes are not what they were. */
export function damagedBlob(digest: Digest): BlobError {
  return new BlobError('damaged', `The blob ${digest} is damaged, and was put aside: push it again`);
}

/** The error for content with another digest. */
export function wrongDigest(wanted: Digest, found: Digest): BlobError {
  return new BlobError('digest', `The content's digest is ${found}, not ${wanted}`);
}

/**
 * The part of a blob that a range asks for: `end` inclusive and within the size. Throws `range` where it begins past the
 * end or is none; an empty blob's whole is `undefined`.
 */
export function clip(
  size: number,
  range: { readonly start: number; readonly end: number } = { start: 0, end: size - 1 },
): { readonly start: number; readonly end: number } | undefined {
  const { start, end } = range;
  if (size === 0 && start === 0) return undefined;
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!whole || start < 0 || end < start || start >= size) {
    throw new BlobError('range', `No bytes ${start}-${end} in a blob of ${size}`);
  }
  return { start, end: Math.min(end, size - 1) };
}
