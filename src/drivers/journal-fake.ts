// The journal in memory, for tests and the simulator. What was appended outlives `close`, as a disk's content would.
import type { Journal } from './journal.ts';

/** Journals that live as long as this object. */
export function createFakeJournal(): Journal {
  const contents = new Map<string, Buffer>();
  const contentOf = (name: string): Buffer => contents.get(name) ?? Buffer.alloc(0);
  return {
    append(name, content) {
      const before = contentOf(name);
      contents.set(name, Buffer.concat([before, content]));
      return Promise.resolve(before.byteLength);
    },
    size: (name) => Promise.resolve(contentOf(name).byteLength),
    read: (name, offset, length) => Promise.resolve(Buffer.from(contentOf(name).subarray(offset, offset + length))),
    truncate(name, size) {
      contents.set(name, contentOf(name).subarray(0, size));
      return Promise.resolve();
    },
    remove(name) {
      contents.delete(name);
      return Promise.resolve();
    },
    names: () => Promise.resolve([...contents.keys()]),
    close: () => Promise.resolve(),
  };
}
