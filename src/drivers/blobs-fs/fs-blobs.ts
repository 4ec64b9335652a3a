// The blob store on a file system. How it lies on the disk: layout.ts.
import { FoundWhole } from './found-whole.ts';
import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { systemClock } from '#kernel/clock.ts';
import type { Clock } from '#kernel/clock.ts';
import { hexId } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import type { Log } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import type { Random } from '#kernel/random.ts';
import { algorithms, BlobLayout, fileAt, filesUnder, present, touched } from './layout.ts';
import * as names from '#drivers/blob-names.ts';
import type { Algorithm } from '#drivers/blob-names.ts';
import type { Blobs, Damage, Digest, LastPart, Upload } from '#drivers/blobs.ts';
import { DurableFolders, linkDurably, moveDurably } from './durable-files.ts';
import { readPieces, type Extent } from './read-pieces.ts';
import { Turns } from '#drivers/turns.ts';
import { UploadFiles } from './upload-files.ts';

/** The blob store in a folder (absolute path; made where it is missing). Damage is told to the log. */
export function createFsBlobs(directory: string, world: World = machine): Blobs {
  return new FsBlobs(directory, world);
}

interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
}

const machine: World = { clock: systemClock, random: systemRandom };

class FsBlobs implements Blobs {
  readonly #layout: BlobLayout;
  readonly #folders: DurableFolders;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  /** By path: of an upload, or of a blob that comes or goes. */
  readonly #turns = new Turns();
  readonly #uploads: UploadFiles;
  readonly #foundWhole: FoundWhole;

  constructor(directory: string, { clock, random, log = silentLog }: World) {
    this.#layout = new BlobLayout(directory);
    this.#folders = new DurableFolders(directory);
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#foundWhole = new FoundWhole(clock);
    this.#uploads = new UploadFiles({
      layout: this.#layout,
      folders: this.#folders,
      turns: this.#turns,
      clock,
      random,
    });
  }

  begin(namespace: string): Promise<Upload> {
    return this.#uploads.begin(namespace);
  }

  upload(namespace: string, id: string): Promise<Upload | undefined> {
    return this.#uploads.find(namespace, id);
  }

  append(namespace: string, id: string, offset: number, content: AsyncIterable<Uint8Array>): Promise<Upload> {
    return this.#uploads.append(namespace, id, { offset, content });
  }

  async commit(namespace: string, id: string, digest: Digest, last?: LastPart): Promise<{ readonly size: number }> {
    const target = this.#layout.blob(namespace, digest);
    return this.#uploads.finish({ namespace, id, digest, last }, (path) => {
      return this.#turns.take(target, () => this.#move(path, target));
    });
  }

  cancel(namespace: string, id: string): Promise<void> {
    return this.#uploads.cancel(namespace, id);
  }

  expire(before: Date): Promise<number> {
    return this.#uploads.expire(before);
  }

  async put(namespace: string, content: Uint8Array, algorithm: Algorithm = 'sha256'): Promise<Digest> {
    const digest = `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
    const target = this.#layout.blob(namespace, digest);
    // In turn: where it is there already, it is so for good only once whoever put it has synced the folder.
    await this.#turns.take(target, async () => {
      const there = await present(readFile(target));
      if (there?.equals(content) && (await touched(target, this.#clock.now()))) return;
      const path = this.#layout.upload(namespace, hexId(this.#random));
      await this.#folders.make(dirname(path));
      try {
        await this.#write(path, content);
        await this.#move(path, target);
      } catch (thrown) {
        await rm(path, { force: true });
        throw thrown;
      }
    });
    return digest;
  }

  async link(from: string, digest: Digest, to: string): Promise<boolean> {
    const source = this.#layout.blob(from, digest);
    const target = this.#layout.blob(to, digest);
    return this.#turns.take(target, async () => {
      // The two share their time, too: linking makes the source look new, which only lets it live longer.
      if (!(await touched(source, this.#clock.now()))) return false;
      if (source === target) return true;
      if (await fileAt(target)) return touched(target, this.#clock.now());
      await this.#makeFolders(target);
      return (await present(linkDurably(source, target).then(() => true))) ?? false;
    });
  }

  async size(namespace: string, digest: Digest): Promise<number | undefined> {
    return (await fileAt(this.#layout.blob(namespace, digest)))?.size;
  }

  async *read(
    namespace: string,
    digest: Digest,
    range?: { readonly start: number; readonly end: number },
    lending?: 'lent',
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const lent = lending === 'lent';
    const path = this.#layout.blob(namespace, digest);
    const file = await present(open(path, 'r'));
    if (file === undefined) throw names.noSuchBlob(digest);
    try {
      const stats = await file.stat();
      const { size } = stats;
      const part = names.clip(size, range);
      const length = part === undefined ? 0 : part.end - part.start + 1;
      if (part !== undefined && (length < size || this.#foundWhole.isFresh(path, stats))) {
        return yield* readPieces(file, { start: part.start, length, lent });
      }
      if (yield* verifiedBytes(file, digest, { start: 0, length: size, lent }))
        return this.#foundWhole.note(path, stats);
      await this.#putAside(file, namespace, digest);
      throw names.damagedBlob(digest);
    } finally {
      await file.close();
    }
  }

  async verify(namespace: string, digest: Digest): Promise<boolean | undefined> {
    const file = await present(open(this.#layout.blob(namespace, digest), 'r'));
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const bytes = verifiedBytes(file, digest, { start: 0, length: size, lent: true });
      let step = await bytes.next();
      while (!step.done) step = await bytes.next();
      return step.value;
    } finally {
      await file.close();
    }
  }

  async delete(namespace: string, digest: Digest): Promise<void> {
    const path = this.#layout.blob(namespace, digest);
    await this.#turns.take(path, () => rm(path, { force: true }));
  }

  async deleteUnused(
    namespace: string,
    digest: Digest,
    before: Date,
    unused: () => Promise<boolean>,
  ): Promise<boolean> {
    const path = this.#layout.blob(namespace, digest);
    return this.#turns.take(path, async () => {
      const found = await fileAt(path);
      if (found === undefined || found.mtime >= before || !(await unused())) return false;
      // No sync: if a power cut brings the blob back, it is unused then, too.
      await rm(path);
      return true;
    });
  }

  namespaces(): AsyncIterable<string> {
    return this.#layout.namespaces();
  }

  async *digests(namespace: string): AsyncGenerator<Digest, void, undefined> {
    for (const algorithm of algorithms) {
      for await (const path of filesUnder(this.#layout.blobs(namespace, algorithm))) {
        yield `${algorithm}:${basename(path)}`;
      }
    }
  }

  async *list(
    namespace: string,
  ): AsyncGenerator<{ readonly digest: Digest; readonly size: number; readonly modifiedAt: Date }, void, undefined> {
    for await (const digest of this.digests(namespace)) {
      const found = await fileAt(this.#layout.blob(namespace, digest));
      if (found) yield { digest, size: found.size, modifiedAt: found.mtime };
    }
  }

  async *damaged(namespace: string): AsyncGenerator<Damage, void, undefined> {
    for (const algorithm of algorithms) {
      for await (const path of filesUnder(this.#layout.damages(namespace, algorithm))) {
        const found = await fileAt(path);
        if (found) yield { digest: `${algorithm}:${basename(path)}`, size: found.size, foundAt: found.mtime };
      }
    }
  }

  async forgetDamage(namespace: string, digest: Digest): Promise<void> {
    await rm(this.#layout.damage(namespace, digest), { force: true });
  }

  async #write(path: string, content: Uint8Array): Promise<void> {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
      const now = this.#clock.now();
      await file.utimes(now, now);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #move(path: string, target: string): Promise<void> {
    await this.#makeFolders(target);
    await moveDurably(path, target);
  }

  #makeFolders(target: string): Promise<void> {
    return this.#folders.makeFanned(dirname(dirname(target)));
  }

  /** Takes the damaged file away from its digest, unless another one has come to its place meanwhile. */
  async #putAside(file: FileHandle, namespace: string, digest: Digest): Promise<void> {
    const path = this.#layout.blob(namespace, digest);
    const aside = this.#layout.damage(namespace, digest);
    await this.#turns.take(path, async () => {
      const [damaged, there] = await Promise.all([file.stat(), fileAt(path)]);
      if (there?.ino !== damaged.ino) return;
      await this.#folders.make(dirname(aside));
      await touched(path, this.#clock.now());
      // No sync: if a power cut undoes it, the next read finds the damage again.
      await rename(path, aside);
      this.#log.error('a blob is damaged, and was put aside: push it again', { namespace, digest, file: aside });
    });
  }
}

/** Gives a file's bytes, but the last of them only if it has the digest; says whether it has. */
async function* verifiedBytes(
  file: FileHandle,
  digest: Digest,
  extent: Extent,
): AsyncGenerator<Uint8Array, boolean, undefined> {
  const { algorithm, hex } = names.parseDigest(digest);
  const hash = createHash(algorithm);
  let held: Uint8Array | undefined;
  try {
    for await (const chunk of readPieces(file, extent)) {
      if (held !== undefined) yield held;
      hash.update(chunk);
      held = chunk;
    }
  } catch (thrown) {
    // The disk no longer gives what it was given.
    if ((thrown as NodeJS.ErrnoException).code === 'EIO') return false;
    throw thrown;
  }
  if (hash.digest('hex') !== hex) return false;
  if (held !== undefined) yield held;
  return true;
}
