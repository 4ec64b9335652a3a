// `berth up`: starts the platform, in the foreground or detached.
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConfig, settings, type Config, type SettingName } from '#config.ts';
import { systemClock } from '#kernel/clock.ts';
import { DataDirectoryHeld, findHolder, type Serving } from '#kernel/data-directory.ts';
import { endpointOf } from './installation.ts';

const pollMs = 20;
const patienceMs = 60_000;

/** Resolves when the platform has stopped, or, detached, once it is ready. Throws Error where it cannot start. */
export async function up(config: Config, detach: boolean): Promise<void> {
  if (detach) return startDetached(config);
  // Imported only here: the other commands need nothing of it.
  const { serve } = await import('#main.ts');
  await serve(config, (where) => sayReady(config, where, 'Ctrl-C stops it; its tasks run on'));
}

async function startDetached(config: Config): Promise<void> {
  const holder = findHolder(config.data);
  if (holder !== undefined) {
    const { pid, since, host, port } = holder;
    throw new DataDirectoryHeld(config.data, pid && since ? { pid, since, host, port } : undefined);
  }
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const logFile = join(config.data, 'berth.log');
  const log = openLog(logFile);
  const logStart = fstatSync(log).size;
  const command = fileURLToPath(new URL('berth.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, command, 'up', ...flagsOf(config)], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  let exited: string | undefined;
  child.once('exit', (code, signal) => (exited = signal ?? `exit code ${code}`));
  const deadline = systemClock.now().getTime() + patienceMs;
  while (!(await isReady(config, child.pid))) {
    if (exited !== undefined) throw new Error(`Berth did not start (${exited}):\n${readFrom(log, logStart)}`);
    if (systemClock.now().getTime() > deadline) throw new Error(`Berth is not ready after a minute; see ${logFile}`);
    await systemClock.sleep(pollMs);
  }
  closeSync(log);
  child.unref();
  const { host = config.host, port = config.port, names, warning } = findHolder(config.data) ?? {};
  sayReady(config, { host, port, names, warning }, `process ${child.pid}, log ${logFile}`);
}

const maxLogBytes = 16 * 1024 * 1024;

/** Opens what the process will write to; one that is long is set aside first, as `berth.log.1`. */
function openLog(file: string): number {
  const log = openSync(file, 'a+', 0o600);
  if (fstatSync(log).size <= maxLogBytes) return log;
  closeSync(log);
  renameSync(file, `${file}.1`);
  return openSync(file, 'a+', 0o600);
}

/** To people; tools ask /_berth/health. */
function sayReady(config: Config, { host, port, names = [], warning }: Serving, remark: string): void {
  process.stdout.write(`Berth is ready at ${endpointOf(host, port)} (${remark})\n`);
  if (names.length > 0) process.stdout.write(`Its registry is also ${names.join(', ')}\n`);
  if (warning !== undefined) process.stdout.write(`Note: ${warning}\n`);
  process.stdout.write(`To point the AWS tools at it: eval "$(bin/berth env${dataFlagOf(config)})"\n`);
}

/** What another command needs to find the directory: nothing where it looks there anyway. */
function dataFlagOf({ data }: Config): string {
  if (data === createConfig({}, { BERTH_DATA: process.env['BERTH_DATA'] }).data) return '';
  return ` --data ${/^[\w./-]+$/.test(data) ? data : `'${data.replaceAll("'", `'\\''`)}'`}`;
}

/** The child must hold the directory itself: another one's readiness says nothing. */
async function isReady(config: Config, pid: number | undefined): Promise<boolean> {
  const holder = findHolder(config.data);
  if (holder?.port === undefined || holder.pid !== pid) return false;
  try {
    const reply = await fetch(`${endpointOf(holder.host ?? config.host, holder.port)}/_berth/health`);
    return reply.ok;
  } catch {
    return false; // It does not listen yet.
  }
}

/** The child gets what was chosen here, whether by flag or by environment. Root keys stay in the environment. */
function flagsOf(config: Config): string[] {
  return (Object.keys(settings) as SettingName[]).flatMap((name) => {
    const value = config[name];
    const text = typeof value === 'object' ? value.join(',') : String(value ?? '');
    return text === '' ? [] : [settings[name].flag, text];
  });
}

function readFrom(file: number, start: number): string {
  const buffer = Buffer.alloc(Math.min(fstatSync(file).size - start, 16_384));
  readSync(file, buffer, 0, buffer.length, start);
  return buffer.toString().trimEnd();
}
