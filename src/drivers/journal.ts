// The journal's contract: named append-only files, for what bypasses the store (log events).
// Real: journal-fs.ts. Fake: journal-fake.ts. Both pass journal.suite.ts.

/** Names are `[A-Za-z0-9._-]+` parts joined by `/`. */
export interface Journal {
  /**
   * Appends content as a whole; durable when it resolves. Gives the offset at which it begins. Appends to one name are
   * kept in the order of the calls. Where it rejects nothing was appended.
   */
  append(name: string, content: Uint8Array): Promise<number>;
  /** Bytes appended so far; 0 where there is no such journal. */
  size(name: string): Promise<number>;
  /** `length` bytes from `offset` (fewer at the end). */
  read(name: string, offset: number, length: number): Promise<Buffer>;
  /** Cuts it down to `size` bytes: a crash may have left a part of an append that nobody was told of. */
  truncate(name: string, size: number): Promise<void>;
  /** Removes it; nothing happens where there is none. */
  remove(name: string): Promise<void>;
  /** The names that there are, in no order. */
  names(): Promise<string[]>;
  /** Waits for what is under way and lets go of all files. */
  close(): Promise<void>;
}
