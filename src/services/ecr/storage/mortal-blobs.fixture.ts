// A blob store whose process can be killed: from then on no call does anything or comes back with anything but the death.
import type { Blobs } from '#drivers/blobs.ts';

class Killed extends Error {
  override readonly name = 'Killed';
}

/** What ends all calls at once. */
export class Life {
  #over = false;
  readonly #running = new Set<Promise<unknown>>();

  get isOver(): boolean {
    return this.#over;
  }

  check(): void {
    if (this.#over) throw new Killed('The process was killed');
  }

  /** Resolves once nothing of it acts on the disk any more. */
  async kill(): Promise<void> {
    this.#over = true;
    await Promise.allSettled(this.#running);
  }

  /** Does a piece of work that a kill comes before or after. */
  async do<R>(gate: () => Promise<void>, work: () => Promise<R>): Promise<R> {
    await gate();
    this.check();
    const running = work();
    this.#running.add(running);
    try {
      const result = await running;
      await gate();
      return result;
    } finally {
      this.#running.delete(running);
      this.check();
    }
  }
}

/** `gate` is passed before and after each call, and before each chunk of a stream. */
export function mortalBlobs(blobs: Blobs, life: Life, gate: () => Promise<void>): Blobs {
  const run = <R>(work: () => Promise<R>): Promise<R> => life.do(gate, work);
  async function* chunked<T>(content: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const chunk of content) {
      await gate();
      life.check();
      yield chunk;
    }
  }
  return {
    begin: (namespace) => run(() => blobs.begin(namespace)),
    upload: (namespace, id) => run(() => blobs.upload(namespace, id)),
    append: (namespace, id, offset, content) => run(() => blobs.append(namespace, id, offset, chunked(content))),
    commit: (namespace, id, digest, last) =>
      run(() => blobs.commit(namespace, id, digest, last && { ...last, content: chunked(last.content) })),
    cancel: (namespace, id) => run(() => blobs.cancel(namespace, id)),
    expire: (before) => run(() => blobs.expire(before)),
    put: (namespace, content, algorithm) => run(() => blobs.put(namespace, content, algorithm)),
    link: (from, digest, to) => run(() => blobs.link(from, digest, to)),
    size: (namespace, digest) => run(() => blobs.size(namespace, digest)),
    read: (namespace, digest, range, lending) => chunked(blobs.read(namespace, digest, range, lending)),
    verify: (namespace, digest) => run(() => blobs.verify(namespace, digest)),
    delete: (namespace, digest) => run(() => blobs.delete(namespace, digest)),
    deleteUnused: (namespace, digest, before, unused) =>
      run(() =>
        blobs.deleteUnused(namespace, digest, before, async () => {
          const said = await unused();
          await gate();
          life.check();
          return said;
        }),
      ),
    namespaces: () => chunked(blobs.namespaces()),
    digests: (namespace) => chunked(blobs.digests(namespace)),
    list: (namespace) => chunked(blobs.list(namespace)),
    damaged: (namespace) => chunked(blobs.damaged(namespace)),
    forgetDamage: (namespace, digest) => run(() => blobs.forgetDamage(namespace, digest)),
  };
}
