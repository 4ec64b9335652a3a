// The blob store on a file system.
//
// The disk layout in one file (folders 0700, files 0600):
//   <directory>/<namespace>/<algorithm>/<first 2 hex digits>/<hex digits>   a blob, complete and durable; never changed
//   <directory>/uploads/<namespace>/<32 hex digits>                         an upload: the bytes received so far
// A blob appears by a rename of its upload, so there is never a half one. Its mtime is its last commit or put.
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, opendir, rm, stat, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemClock } from '#kernel/clock.ts';
import type { Clock } from '#kernel/clock.ts';
import { hexId } from '#kernel/id.ts';
import { systemRandom } from '#kernel/random.ts';
import type { Random } from '#kernel/random.ts';
import * as names from './blob-names.ts';
import type { Algorithm } from './blob-names.ts';
import type { Blobs, Digest, Upload } from './blobs.ts';
import { linkDurably, makeFolder, moveDurably } from './durable-files.ts';
import { Turns } from './turns.ts';

/** Running hashes kept for uploads that are under way; the oldest goes first and is made again from the file. */
const keptHashes = 1000;

/** The blob store in a folder (absolute path; made where it is missing). */
export function createFsBlobs(directory: string, { clock, random }: World = machine): Blobs {
  return new FsBlobs({ directory, clock, random });
}

interface World {
  readonly clock: Clock;
  readonly random: Random;
}

const machine: World = { clock: systemClock, random: systemRandom };

class FsBlobs implements Blobs {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #turns = new Turns();
  /** SHA-256 of an upload's first bytes, by its path. Node cannot save a running hash, so it lives as long as we do. */
  readonly #hashes = new Map<string, { readonly hash: Hash; readonly size: number }>();

  constructor({ directory, clock, random }: World & { readonly directory: string }) {
    this.#directory = directory;
    this.#clock = clock;
    this.#random = random;
  }

  async begin(namespace: string): Promise<Upload> {
    const id = hexId(this.#random);
    const path = this.#uploadPath(namespace, id);
    await this.#makeFolder(dirname(path));
    const file = await open(path, 'wx', 0o600);
    await file.close();
    return { id, size: 0 };
  }

  async upload(namespace: string, id: string): Promise<Upload | undefined> {
    if (!names.isUploadId(id)) return undefined;
    const found = await fileAt(this.#uploadPath(namespace, id));
    return found && { id, size: found.size };
  }

  append(namespace: string, id: string, offset: number, content: AsyncIterable<Uint8Array>): Promise<Upload> {
    return this.#withUpload(namespace, id, 'r+', async (file, path) => {
      const { size } = await file.stat();
      if (size !== offset) throw names.wrongOffset(offset, size);
      await this.#write(file, path, content);
      await file.datasync();
      return { id, size: (await file.stat()).size };
    });
  }

  async commit(namespace: string, id: string, digest: Digest): Promise<{ readonly size: number }> {
    const target = this.#blobPath(namespace, digest);
    const { algorithm } = names.parseDigest(digest);
    return this.#withUpload(namespace, id, 'r+', async (file, path) => {
      const hash = await this.#hashOf(file, path, algorithm);
      const found = `${algorithm}:${hash.copy().digest('hex')}`;
      if (found !== digest) throw names.wrongDigest(digest, found);
      const now = this.#clock.now();
      await file.utimes(now, now);
      await file.sync();
      await this.#move(path, target);
      this.#hashes.delete(path);
      return { size: (await file.stat()).size };
    });
  }

  async cancel(namespace: string, id: string): Promise<void> {
    if (!names.isUploadId(id)) return;
    await this.#forget(this.#uploadPath(namespace, id));
  }

  async expire(before: Date): Promise<number> {
    let count = 0;
    for await (const path of filesUnder(join(this.#directory, 'uploads'))) {
      const found = await fileAt(path);
      if (found === undefined || found.mtime >= before) continue;
      await this.#forget(path);
      count += 1;
    }
    return count;
  }

  async put(namespace: string, content: Uint8Array, algorithm: Algorithm = 'sha256'): Promise<Digest> {
    const digest = `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
    const target = this.#blobPath(namespace, digest);
    const now = this.#clock.now();
    const path = this.#uploadPath(namespace, hexId(this.#random));
    // In turn: where it is there already, it is so for good only once whoever put it has synced the folder.
    if (await this.#turns.take(target, () => touched(target, now))) return digest;
    await this.#makeFolder(dirname(path));
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.utimes(now, now);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#move(path, target);
    return digest;
  }

  async link(from: string, digest: Digest, to: string): Promise<boolean> {
    const source = this.#blobPath(from, digest);
    const target = this.#blobPath(to, digest);
    if (source === target) return (await fileAt(source)) !== undefined;
    return this.#turns.take(target, async () => {
      // The two share their time, too: linking makes the source look new, which only lets it live longer.
      if (!(await touched(source, this.#clock.now()))) return false;
      if (await fileAt(target)) return touched(target, this.#clock.now());
      await this.#makeFolder(dirname(target));
      return (await present(linkDurably(source, target).then(() => true))) ?? false;
    });
  }

  async size(namespace: string, digest: Digest): Promise<number | undefined> {
    return (await fileAt(this.#blobPath(namespace, digest)))?.size;
  }

  async *read(
    namespace: string,
    digest: Digest,
    range?: { readonly start: number; readonly end: number },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const file = await present(open(this.#blobPath(namespace, digest), 'r'));
    if (file === undefined) throw names.noSuchBlob(digest);
    try {
      const part = names.clip((await file.stat()).size, range);
      if (part === undefined) return;
      yield* file.createReadStream({ ...part, autoClose: false, highWaterMark: 1 << 18 });
    } finally {
      await file.close();
    }
  }

  async delete(namespace: string, digest: Digest): Promise<void> {
    await rm(this.#blobPath(namespace, digest), { force: true });
  }

  async *list(
    namespace: string,
  ): AsyncGenerator<{ readonly digest: Digest; readonly size: number; readonly modifiedAt: Date }, void, undefined> {
    const folder = join(this.#directory, ...names.parseNamespace(namespace));
    for (const algorithm of ['sha256', 'sha512']) {
      for await (const path of filesUnder(join(folder, algorithm))) {
        const found = await fileAt(path);
        if (found) yield { digest: `${algorithm}:${basename(path)}`, size: found.size, modifiedAt: found.mtime };
      }
    }
  }

  #move(path: string, target: string): Promise<void> {
    return this.#turns.take(target, async () => {
      await this.#makeFolder(dirname(target));
      await moveDurably(path, target);
    });
  }

  /** In turn: a folder that somebody else is making is there for good only once they have synced it. */
  #makeFolder(path: string): Promise<void> {
    return this.#turns.take('folders', () => makeFolder(path));
  }

  #uploadPath(namespace: string, id: string): string {
    return join(this.#directory, 'uploads', ...names.parseNamespace(namespace), id);
  }

  #blobPath(namespace: string, digest: Digest): string {
    const { algorithm, hex } = names.parseDigest(digest);
    return join(this.#directory, ...names.parseNamespace(namespace), algorithm, hex.slice(0, 2), hex);
  }

  /** Opens an upload's file for work, one at a time. */
  #withUpload<R>(
    namespace: string,
    id: string,
    flags: string,
    work: (file: FileHandle, path: string) => Promise<R>,
  ): Promise<R> {
    if (!names.isUploadId(id)) return Promise.reject(names.noSuchUpload(id));
    const path = this.#uploadPath(namespace, id);
    return this.#turns.take(path, async () => {
      const file = await present(open(path, flags));
      if (file === undefined) throw names.noSuchUpload(id);
      try {
        return await work(file, path);
      } finally {
        await file.close();
      }
    });
  }

  async #write(file: FileHandle, path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const hash = await this.#hashOf(file, path, 'sha256');
    let { size } = await file.stat();
    for await (const chunk of content) {
      try {
        for (let from = 0; from < chunk.length;) {
          from += (await file.write(chunk, from, chunk.length - from, size + from)).bytesWritten;
        }
      } catch (thrown) {
        // Part of the chunk may be there (a full disk): the hash no longer belongs to the file.
        this.#hashes.delete(path);
        throw thrown;
      }
      hash.update(chunk);
      size += chunk.length;
      this.#keep(path, hash, size);
    }
  }

  /** The hash of all that the file has: the running one where it is known, or made again from the file. */
  async #hashOf(file: FileHandle, path: string, algorithm: Algorithm): Promise<Hash> {
    const { size } = await file.stat();
    const kept = algorithm === 'sha256' ? this.#hashes.get(path) : undefined;
    if (kept?.size === size) return kept.hash;
    const hash = createHash(algorithm);
    if (size > 0) {
      const bytes = file.createReadStream({ start: 0, end: size - 1, autoClose: false, highWaterMark: 1 << 18 });
      for await (const chunk of bytes) hash.update(chunk as Uint8Array);
    }
    if (algorithm === 'sha256') this.#keep(path, hash, size);
    return hash;
  }

  #keep(path: string, hash: Hash, size: number): void {
    this.#hashes.delete(path);
    this.#hashes.set(path, { hash, size });
    if (this.#hashes.size <= keptHashes) return;
    for (const oldest of this.#hashes.keys()) {
      this.#hashes.delete(oldest);
      return;
    }
  }

  #forget(path: string): Promise<void> {
    return this.#turns.take(path, async () => {
      this.#hashes.delete(path);
      await rm(path, { force: true });
    });
  }
}

/** What there is at a path, or undefined. */
function fileAt(path: string): Promise<Stats | undefined> {
  return present(stat(path));
}

/** Sets a file's time, if it is there. */
async function touched(path: string, now: Date): Promise<boolean> {
  return (await present(utimes(path, now, now).then(() => true))) ?? false;
}

/** What was asked for, or undefined where there is no such file. */
async function present<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** The paths of every file under a folder; of none where it is missing. */
async function* filesUnder(folder: string): AsyncGenerator<string, void, undefined> {
  const entries = await present(opendir(folder));
  if (entries === undefined) return;
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}
