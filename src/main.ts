// The platform as a process: opens its directory, listens, makes the app, and ends by signal.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp, type App } from './app.ts';
import { openAccessLog } from './access-log.ts';
import { openAwsDoor, type AwsDoor } from './aws-door.ts';
import type { Config } from './config.ts';
import { createFsBlobs } from '#drivers/blobs-fs/fs-blobs.ts';
import { createTrivyScanner } from '#drivers/scanner-trivy/trivy-scanner.ts';
import { createFsJournal } from '#drivers/journal-fs.ts';
import { createDockerRuntime } from '#drivers/runtime-docker/docker-runtime.ts';
import { createHttpUpstream } from '#drivers/upstream-http/http-upstream.ts';
import { systemClock } from '#kernel/clock.ts';
import { openDataDirectory, type DataDirectory, type Serving } from '#kernel/data-directory.ts';
import { messageOf } from '#kernel/error.ts';
import { createLog, type Log } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import { openSqliteDatabase } from '#kernel/store-sqlite.ts';
import { settleHome } from './home.ts';
import { createHttpServer } from './http-server.ts';
import { accountKeysPurpose, installationId, rootKeys, sealingKey } from './keys.ts';
import { stopSignal, stopTasksSignal } from './signals.ts';
import { version } from './version.ts';

/**
 * Serves until a signal says to stop; `onReady` is told where once it does. Throws Error (`DataDirectoryHeld`, …),
 * saying what to do about it, where it cannot start.
 */
export async function serve(config: Config, onReady: (where: Serving) => void): Promise<void> {
  const log = createLog(systemClock, config.logLevel, (line) => process.stderr.write(line));
  const directory = openDataDirectory(config.data, systemClock);
  let app: App | undefined;
  const door = { hosts: new Set([config.host.toLowerCase(), ...config.hostnames]), origins: new Set<string>() };
  const accessLog = openAccessLog(directory.file('access.log'), { log, clock: systemClock });
  const recordAccess = (record: object): void => accessLog.record(record);
  const world = { clock: systemClock, random: systemRandom, log };
  const parts = { ...world, door, rooms: () => app, recordAccess, version };
  const server = createHttpServer(parts);
  let awsDoor: AwsDoor | undefined;
  try {
    const port = await listen(server, config);
    app = await openApp(config, { directory, log, port, recordAccess });
    awsDoor = await openAwsDoor(config.awsHostnames, parts);
    const { names, warning } = awsDoor;
    if (warning !== undefined) log.warn(warning);
    // Not before: who reads where it serves may come at once.
    const where = { host: config.host, port, names, warning };
    directory.announce(where);
    onReady(where);
    log.info('ready', { version, host: config.host, port, names, data: directory.path });
    const signal = await stopRequest();
    log.info('stopping', { signal });
    if (signal === stopTasksSignal) await app.stopAllTasks();
    await Promise.all([server, awsDoor.server].map((each) => each && close(each)));
    await app.close();
    await accessLog.close();
  } finally {
    server.close();
    awsDoor?.server?.close();
    directory.release();
  }
}

/** Stops every task of an installation that does not serve. Throws Error as `serve` does. */
export async function stopAllTasks(config: Config): Promise<void> {
  const log = createLog(systemClock, config.logLevel, (line) => process.stderr.write(line));
  const directory = openDataDirectory(config.data, systemClock);
  try {
    const app = await openApp(config, { directory, log, port: config.port, recordAccess: () => undefined });
    await app.stopAllTasks();
    await app.close();
  } finally {
    directory.release();
  }
}

interface Setting {
  readonly directory: DataDirectory;
  readonly log: Log;
  readonly port: number;
  readonly recordAccess: (record: object) => void;
}

function openApp(config: Config, { directory, log, port, recordAccess }: Setting): Promise<App> {
  const home = settleHome(directory, config);
  const root = { account: home.account, ...rootKeys(directory, config.rootKeys, systemRandom) };
  return createApp(
    {
      home,
      root,
      registryEndpoint: `localhost:${port}`,
      vpcCidr: home.vpcCidr,
      installation: installationId(directory, systemRandom),
      pageTokenKey: sealingKey(directory, 'page tokens', systemRandom),
      registryTokenKey: sealingKey(directory, 'registry tokens', systemRandom),
      accountKeysKey: sealingKey(directory, accountKeysPurpose, systemRandom),
    },
    {
      clock: systemClock,
      random: systemRandom,
      log,
      recordAccess,
      database: openSqliteDatabase(directory.file('berth.db')),
      runtime: createDockerRuntime({ clock: systemClock }),
      architecture: process.arch === 'arm64' ? 'ARM64' : 'X86_64',
      scanner: createTrivyScanner(process.env),
      blobs: createFsBlobs(directory.directory('blobs'), { clock: systemClock, random: systemRandom, log }),
      upstream: createHttpUpstream(systemClock),
      journal: createFsJournal(directory.directory('logs')),
      onFatal: failStop(log),
    },
  );
}

/** Memory and disk may differ by now: only a new start can tell what is true. */
function failStop(log: Log): (error: Error) => void {
  return (error) => {
    log.error('the database failed; stopping at once', { error });
    process.exit(70);
  };
}

async function listen(server: Server, { host, port }: Config): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (thrown) {
    throw new Error(whyNotListening(thrown, `${host}:${port}`), { cause: thrown });
  }
  return (server.address() as AddressInfo).port;
}

function whyNotListening(thrown: unknown, where: string): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const remedy = 'choose another with --port and --host (bin/berth doctor looks for more)';
  if (code === 'EADDRINUSE') return `${where} is taken by another program: ${remedy}`;
  if (code === 'EACCES') return `${where} may not be listened on by this user: ${remedy}`;
  return `cannot listen on ${where} (${messageOf(thrown)}): ${remedy}`;
}

/** Lets requests under way end; connections that idle are closed. */
async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const impatience = setTimeout(() => server.closeAllConnections(), 5_000);
  await closed;
  clearTimeout(impatience);
}

const stopSignals = [stopSignal, stopTasksSignal, 'SIGINT'] as const;

/** The signal that ends the process; a second one, whichever it is, ends it at once, as the system's default. */
function stopRequest(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const take = (signal: NodeJS.Signals): void => {
    for (const each of stopSignals) process.off(each, take);
    resolve(signal);
  };
  for (const signal of stopSignals) process.on(signal, take);
  return promise;
}
