// A server that a bench runs as a process of its own: started, awaited until it answers, and ended.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#kernel/clock.ts';

const betweenLooksMs = 3;
const patienceMs = 120_000;

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly port: number;
  /** A path that answers 200 once the server is ready. */
  readonly readyPath: string;
}

export class ServerProcess {
  readonly port: number;
  /** Milliseconds from spawn to the first ready answer. */
  readonly readyMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, readyMs: number) {
    this.#child = child;
    this.port = port;
    this.readyMs = readyMs;
  }

  /** Resolves once the server is ready. Rejects where it ends before, or is not ready in two minutes. */
  static async start({ command, args, environment, port, readyPath }: ServerCommand): Promise<ServerProcess> {
    const start = performance.now();
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const said: string[] = [];
    // Read to the end, though nobody asks: a full pipe would stop the server. Of what it says the end is kept.
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said.push(text);
      if (said.length > 20) said.shift();
    });
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    while ((await statusOf(port, readyPath)) !== 200) {
      if (failure !== undefined) throw failure;
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${command} ended: ${said.join('')}`);
      if (performance.now() - start > patienceMs) {
        child.kill('SIGKILL');
        throw new Error(`${command} is not ready after two minutes: ${said.join('')}`);
      }
      await systemClock.sleep(betweenLooksMs);
    }
    return new ServerProcess(child, port, performance.now() - start);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}

function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    asked.once('error', () => resolve(undefined)); // It does not listen yet.
    asked.end();
  });
}
