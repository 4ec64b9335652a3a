// Folders, renames and links that survive a power cut: what POSIX asks to be synced, synced.
import { link, mkdir, open, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Turns } from '#drivers/turns.ts';

/** Gives a file that is on disk already its final name, which is on disk when this resolves. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Gives a file that is on disk already one more name, which is on disk when this resolves. */
export async function linkDurably(from: string, to: string): Promise<void> {
  await link(from, to);
  await syncFolder(dirname(to));
}

/** Makes folders under a root (absolute path), and knows which of them are there for good. */
export class DurableFolders {
  readonly #root: string;
  readonly #turns = new Turns();
  readonly #made = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes a folder and those above it (0700), each one's entry on disk before this resolves. */
  make(path: string): Promise<void> {
    return this.#once(path, () => this.#make(path));
  }

  /** Makes a folder with 256 in it, `00` to `ff`: all at once, because each alone would cost a sync. */
  makeFanned(path: string): Promise<void> {
    return this.#once(`${path}/*`, async () => {
      await this.#make(path);
      const there = new Set(await readdir(path));
      for (const name of fan) if (!there.has(name)) await mkdir(join(path, name), { recursive: true, mode: 0o700 });
      // Also where all were there: whoever made them may have been killed before this.
      await syncFolder(path);
    });
  }

  /** Syncs also above folders that are there: whoever made them may have been killed before it had. */
  async #make(path: string): Promise<void> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const synced: string[] = [];
    for (let made = path; !this.#made.has(made); made = dirname(made)) {
      await syncFolder(dirname(made));
      synced.push(made);
      if (made === this.#root || made === dirname(made)) break;
    }
    for (const made of synced) this.#made.add(made);
  }

  /** In turn: a folder that somebody else is making is there for good only once they have synced it. */
  async #once(path: string, make: () => Promise<void>): Promise<void> {
    if (this.#made.has(path)) return;
    await this.#turns.take('folders', async () => {
      if (this.#made.has(path)) return;
      await make();
      this.#made.add(path);
    });
  }
}

const fan = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
