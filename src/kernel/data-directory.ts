// The directory that holds everything durable: private to its owner, and used by one process at a time.
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from './clock.ts';

/** Who uses a data directory, as far as it has said so: where it serves only once it does. */
export interface Holder extends Partial<Serving> {
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
}

/** Where a process serves. */
export interface Serving {
  readonly host: string;
  readonly port: number;
  /** Further names that lead there, by TLS at its standard port. */
  readonly names?: readonly string[];
  /** What does not work as it was set up. */
  readonly warning?: string;
}

/** Another process uses the directory. */
export class DataDirectoryHeld extends Error {
  override readonly name = 'DataDirectoryHeld';
  readonly path: string;
  readonly holder: Holder | undefined;

  constructor(path: string, holder: Holder | undefined) {
    const where = holder?.port === undefined ? '' : `, serving at ${holder.host}:${holder.port}`;
    const who = holder ? `Berth with process id ${holder.pid}, started ${holder.since}${where}` : 'another process';
    super(`The data directory ${path} is in use by ${who}`);
    this.path = path;
    this.holder = holder;
  }
}

export interface DataDirectory {
  /** Absolute. */
  readonly path: string;
  /** The path of a file in it; to be created with mode 0600. */
  file(name: string): string;
  /** The path of a directory in it, created with mode 0700 where it does not exist. */
  directory(name: string): string;
  /** Replaces a file's content, durably and all at once; mode 0600. */
  write(name: string, content: string | Uint8Array): void;
  /** Says to others where this process serves. */
  announce(where: Serving): void;
  /** Lets another process have it. */
  release(): void;
}

/** Locks that nothing else refers to would be closed, and so given away, by the garbage collector. */
const held = new Set<DatabaseSync>();

const lockName = 'lock';
const holderName = 'holder.json';

/**
 * Creates the directory where it does not exist, and takes it for this process. Throws `DataDirectoryHeld` where another
 * one has it, and refuses a directory that others may read unless it is empty or was Berth's before.
 *
 * The lock is SQLite's on a file of its own: the kernel drops it with the process, however that ends, so there is no
 * stale lock to judge and no moment between judging and taking. What `holder.json` says is only for people to read.
 */
export function openDataDirectory(path: string, clock: Clock): DataDirectory {
  const root = resolve(path);
  makePrivate(root);
  const lock = take(root);
  held.add(lock);
  const holder: Holder = { pid: process.pid, since: clock.now().toISOString() };
  const write = (name: string, content: string | Uint8Array) => replace(join(root, name), content);
  const say = (what: Holder) => write(holderName, `${JSON.stringify(what)}\n`);
  say(holder);
  return {
    path: root,
    file: (name) => join(root, name),
    directory(name) {
      const inner = join(root, name);
      mkdirSync(inner, { recursive: true, mode: 0o700 });
      return inner;
    },
    write,
    announce: (where) => say({ ...holder, ...where }),
    release() {
      rmSync(join(root, holderName), { force: true });
      held.delete(lock);
      lock.close();
    },
  };
}

/** Who uses the data directory at `path` now: undefined where nobody does, an empty object where it has not said yet. */
export function findHolder(path: string): Partial<Holder> | undefined {
  const root = resolve(path);
  if (!existsSync(join(root, lockName))) return undefined;
  try {
    take(root).close();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof DataDirectoryHeld) return thrown.holder ?? {};
    throw thrown;
  }
}

function readHolder(root: string): Holder | undefined {
  const file = join(root, holderName);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Holder) : undefined;
}

function makePrivate(root: string): void {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(root);
  // Whoever owns it could lead what is written there elsewhere, by links.
  if (uid !== process.getuid?.()) throw new Error(`${root} belongs to another user: choose another data directory`);
  if ((mode & 0o077) === 0) return;
  const names = readdirSync(root);
  if (names.length > 0 && !names.includes(lockName)) {
    throw new Error(
      `${root} is readable by others and holds something that is not Berth's: choose another data directory`,
    );
  }
  chmodSync(root, 0o700);
}

/** https://sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

function take(root: string): DatabaseSync {
  const file = join(root, lockName);
  createFile(file);
  // Waits a moment: `findHolder` of another process may have the lock for an instant.
  const lock = new DatabaseSync(file, { timeout: 250 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (thrown) {
    lock.close();
    if (thrown instanceof Error && 'errcode' in thrown && thrown.errcode === sqliteBusy) {
      throw new DataDirectoryHeld(root, readHolder(root));
    }
    throw thrown;
  }
}

/**
 * Creates an empty file where none is. One that is there is not even opened: closing any descriptor of a file drops this
 * process's POSIX locks on it (fcntl(2)), SQLite's among them.
 */
function createFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
  }
}

function replace(path: string, content: string | Uint8Array): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, content, { mode: 0o600, flush: true });
  renameSync(fresh, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
