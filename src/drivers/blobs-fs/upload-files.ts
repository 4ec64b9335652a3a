// The uploads of the blob store on a file system: files that grow, each with a hash that runs along.
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '#kernel/clock.ts';
import { hexId } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';
import { fileAt, filesUnder, present, type BlobLayout } from './layout.ts';
import * as names from '#drivers/blob-names.ts';
import type { Algorithm } from '#drivers/blob-names.ts';
import type { Digest, LastPart, Upload } from '#drivers/blobs.ts';
import type { DurableFolders } from './durable-files.ts';
import type { Turns } from '#drivers/turns.ts';
import { WriteFailed, writeStream } from './write-stream.ts';

/** Running hashes kept for uploads that are under way; the oldest goes first and is made again from the file. */
const keptHashes = 1000;

/** Of an upload's first `size` bytes. Node cannot save a running hash, so it lives as long as we do. */
interface Progress {
  readonly hash: Hash;
  readonly algorithm: Algorithm;
  readonly size: number;
  /** How many of them are on disk for good. */
  readonly durable: number;
}

interface Open {
  readonly file: FileHandle;
  readonly path: string;
}

export interface UploadParts {
  readonly layout: BlobLayout;
  readonly folders: DurableFolders;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly random: Random;
}

export class UploadFiles {
  readonly #parts: UploadParts;
  readonly #progress = new Map<string, Progress>();

  constructor(parts: UploadParts) {
    this.#parts = parts;
  }

  async begin(namespace: string): Promise<Upload> {
    const id = hexId(this.#parts.random);
    const path = this.#parts.layout.upload(namespace, id);
    await this.#parts.folders.make(dirname(path));
    const file = await open(path, 'wx', 0o600);
    await file.close();
    return { id, size: 0 };
  }

  async find(namespace: string, id: string): Promise<Upload | undefined> {
    if (!names.isUploadId(id)) return undefined;
    const found = await fileAt(this.#parts.layout.upload(namespace, id));
    return found && { id, size: found.size };
  }

  append(namespace: string, id: string, part: LastPart): Promise<Upload> {
    return this.#withUpload(namespace, id, async (upload) => {
      const size = await this.#write(upload, part, 'sha256');
      await this.#makeDurable(upload, size);
      return { id, size };
    });
  }

  /** Appends what is still to come, checks the digest, and has the durable file `place`d elsewhere. */
  finish(
    { namespace, id, digest, last }: Ending,
    place: (path: string) => Promise<void>,
  ): Promise<{ readonly size: number }> {
    const { algorithm } = names.parseDigest(digest);
    return this.#withUpload(namespace, id, async (upload) => {
      const size = last ? await this.#write(upload, last, algorithm) : (await upload.file.stat()).size;
      const hash = await this.#hashOf(upload, size, algorithm);
      const found = `${algorithm}:${hash.copy().digest('hex')}`;
      if (found !== digest) throw names.wrongDigest(digest, found);
      await this.#makeDurable(upload, size);
      await place(upload.path);
      this.#progress.delete(upload.path);
      return { size };
    });
  }

  async cancel(namespace: string, id: string): Promise<void> {
    if (!names.isUploadId(id)) return;
    const path = this.#parts.layout.upload(namespace, id);
    await this.#parts.turns.take(path, () => this.#forget(path));
  }

  async expire(before: Date): Promise<number> {
    let count = 0;
    for await (const path of filesUnder(this.#parts.layout.uploads)) {
      count += await this.#parts.turns.take(path, async () => {
        const found = await fileAt(path);
        if (found === undefined || found.mtime >= before) return 0;
        await this.#forget(path);
        return 1;
      });
    }
    return count;
  }

  /** Opens an upload's file for work, one at a time. */
  async #withUpload<R>(namespace: string, id: string, work: (upload: Open) => Promise<R>): Promise<R> {
    if (!names.isUploadId(id)) throw names.noSuchUpload(id);
    const path = this.#parts.layout.upload(namespace, id);
    return this.#parts.turns.take(path, async () => {
      const file = await present(open(path, 'r+'));
      if (file === undefined) throw names.noSuchUpload(id);
      try {
        return await work({ file, path });
      } finally {
        await file.close();
      }
    });
  }

  /** Gives the upload's new size. What came is written, not yet on disk for good. */
  async #write(upload: Open, { offset, content }: LastPart, algorithm: Algorithm): Promise<number> {
    const { size } = await upload.file.stat();
    if (size !== offset) throw names.wrongOffset(offset, size);
    const hash = await this.#hashOf(upload, size, algorithm);
    const durable = this.#progress.get(upload.path)?.durable ?? 0;
    let hashed = size;
    const update = (chunk: Uint8Array): void => {
      hash.update(chunk);
      hashed += chunk.length;
    };
    this.#progress.delete(upload.path);
    try {
      await writeStream(content, { file: upload.file, offset, update });
    } catch (thrown) {
      if (!(thrown instanceof WriteFailed)) this.#keep(upload.path, { hash, algorithm, size: hashed, durable });
      throw thrown;
    }
    this.#keep(upload.path, { hash, algorithm, size: hashed, durable });
    return hashed;
  }

  /** The time goes with the data, and no sync is spent on it: it says only roughly how old the file is. */
  async #makeDurable({ file, path }: Open, size: number): Promise<void> {
    const progress = this.#progress.get(path);
    const now = this.#parts.clock.now();
    await file.utimes(now, now);
    if (progress?.size === size && progress.durable === size) return;
    await file.datasync();
    if (progress?.size === size) this.#keep(path, { ...progress, durable: size });
  }

  /** The hash of all that the file has: the running one where it is known, or made again from the file. */
  async #hashOf({ file, path }: Open, size: number, algorithm: Algorithm): Promise<Hash> {
    const kept = this.#progress.get(path);
    if (kept?.size === size && kept.algorithm === algorithm) return kept.hash;
    const hash = createHash(algorithm);
    if (size > 0) {
      const bytes = file.createReadStream({ start: 0, end: size - 1, autoClose: false, highWaterMark: 1 << 18 });
      for await (const chunk of bytes) hash.update(chunk as Uint8Array);
    }
    this.#keep(path, { hash, algorithm, size, durable: kept?.size === size ? kept.durable : 0 });
    return hash;
  }

  #keep(path: string, progress: Progress): void {
    this.#progress.delete(path);
    this.#progress.set(path, progress);
    if (this.#progress.size <= keptHashes) return;
    for (const oldest of this.#progress.keys()) {
      this.#progress.delete(oldest);
      return;
    }
  }

  async #forget(path: string): Promise<void> {
    this.#progress.delete(path);
    await rm(path, { force: true });
  }
}

export interface Ending {
  readonly namespace: string;
  readonly id: string;
  readonly digest: Digest;
  readonly last: LastPart | undefined;
}
