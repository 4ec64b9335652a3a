// Folders and renames that survive a power cut: what POSIX asks to be synced, synced.
import { link, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a folder and those above it (0700), each one's entry on disk before this resolves. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
