// Where the blob store on a file system keeps what, and what it finds there.
//
// The disk layout in one file (folders 0700, files 0600):
//   <directory>/<namespace>/<algorithm>/<first 2 hex digits>/<hex digits>   a blob, complete and durable; never changed
//   <directory>/uploads/<namespace>/<32 hex digits>                         an upload: the bytes received so far
//   <directory>/damaged/<namespace>/<algorithm>/<hex digits>                what was found under a digest and has it not
// A blob appears by a rename of its upload, so there is never a half one. Its mtime is its last commit, put or link; that
// of damage is when it was found.
import type { Dir, Stats } from 'node:fs';
import { opendir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as names from '#drivers/blob-names.ts';
import type { Algorithm } from '#drivers/blob-names.ts';
import type { Digest } from '#drivers/blobs.ts';

export const algorithms: readonly Algorithm[] = ['sha256', 'sha512'];

export class BlobLayout {
  readonly directory: string;

  /** `directory`: absolute. */
  constructor(directory: string) {
    this.directory = directory;
  }

  /** The folder of every upload of every namespace. */
  get uploads(): string {
    return join(this.directory, 'uploads');
  }

  upload(namespace: string, id: string): string {
    return join(this.uploads, ...names.parseNamespace(namespace), id);
  }

  /** The folder of a namespace's blobs of one algorithm, which has 256 folders in it. */
  blobs(namespace: string, algorithm: Algorithm): string {
    return join(this.directory, ...names.parseNamespace(namespace), algorithm);
  }

  blob(namespace: string, digest: Digest): string {
    const { algorithm, hex } = names.parseDigest(digest);
    return join(this.blobs(namespace, algorithm), hex.slice(0, 2), hex);
  }

  /** The folder of what was put aside. */
  damages(namespace: string, algorithm: Algorithm): string {
    return join(this.directory, 'damaged', ...names.parseNamespace(namespace), algorithm);
  }

  damage(namespace: string, digest: Digest): string {
    const { algorithm, hex } = names.parseDigest(digest);
    return join(this.damages(namespace, algorithm), hex);
  }

  /** Every namespace that has a folder of blobs. */
  async *namespaces(above: readonly string[] = []): AsyncGenerator<string, void, undefined> {
    const folders = await foldersIn(join(this.directory, ...above));
    if (above.length > 0 && algorithms.some((algorithm) => folders.includes(algorithm))) yield above.join('/');
    for (const name of folders) if (names.isNamespacePart(name)) yield* this.namespaces([...above, name]);
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of (await present(opendir(folder))) ?? []) if (entry.isDirectory()) found.push(entry.name);
  return found;
}

/** What there is at a path, or undefined. */
export function fileAt(path: string): Promise<Stats | undefined> {
  return present(stat(path));
}

/** Sets a file's time, if it is there. */
export async function touched(path: string, now: Date): Promise<boolean> {
  return (await present(utimes(path, now, now).then(() => true))) ?? false;
}

/** What was asked for, or undefined where there is no such file. */
export async function present<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** The paths of every file under a folder; of none where it is missing. */
export async function* filesUnder(folder: string): AsyncGenerator<string, void, undefined> {
  const entries: Dir | undefined = await present(opendir(folder, { bufferSize: 256 }));
  if (entries === undefined) return;
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}
