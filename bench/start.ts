// Bench: from `bin/berth up` to readiness, on a new directory and on one with a history, beside the barest starts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figure, median, ratio, type Bench } from './bench.ts';
import { withCleanUp, type CleanUp } from './clean-up.ts';
import { freePort } from '#kernel/free-port.fixture.ts';
import { motoVersion, startBerth, startBerthOn, startMoto } from './servers.ts';
import { runTasks, stoppedTasks } from './tasks.ts';

const rounds = 7;
const history = 1000;
const vpcCidr = '10.205.0.0/16';

interface Start {
  readonly name: string;
  /** Starts it, ends it, and gives the milliseconds until it was ready. */
  measure(): Promise<number>;
}

export const start: Bench = {
  name: 'start',
  run: (say) =>
    withCleanUp(async (cleanUp) => {
      const starts: Start[] = [
        { name: 'Berth, new directory', measure: () => onNewDirectory() },
        { name: `Berth, ${history} stopped tasks and definitions`, measure: await onHistory(cleanUp, say) },
        { name: 'node -e 0 (to its end)', measure: () => emptyProgram() },
      ];
      if ((await motoVersion(say)) !== undefined) starts.push({ name: 'moto_server', measure: () => moto() });
      const times = new Map<string, number[]>(starts.map(({ name }) => [name, []]));
      for (let round = 1; round <= rounds; round++) {
        for (const { name, measure } of starts) times.get(name)!.push(await measure());
        say(`round ${round}: ${starts.map(({ name }) => `${name} ${figure(times.get(name)!.at(-1)!)} ms`).join(', ')}`);
      }
      const least = median(times.get('node -e 0 (to its end)')!);
      const rows = starts.map(({ name }) => {
        const own = times.get(name)!;
        const values = own.map((ms) => figure(ms)).join(' / ');
        return [name, figure(median(own)), values, ratio(median(own) / least)];
      });
      return [{ title: 'Start to ready', head: ['start', 'median ms', 'rounds ms', 'of node -e 0'], rows }];
    }),
};

async function onNewDirectory(): Promise<number> {
  const data = mkdtempSync(join(tmpdir(), 'berth-bench-'));
  try {
    return await started(data, await freePort());
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function started(data: string, port: number): Promise<number> {
  const server = await startBerthOn(data, port, vpcCidr);
  await server.end();
  return server.readyMs;
}

/** The directory is filled by a Berth at work: as many definitions, and as many tasks that could not start. */
async function onHistory(cleanUp: CleanUp, say: (line: string) => void): Promise<() => Promise<number>> {
  say(`filling a directory with ${history} definitions and tasks`);
  const { server, signer, data } = await startBerth(vpcCidr, cleanUp);
  for (let index = 0; index < history; index++) {
    const container = { name: 'app', image: 'localhost:1/absent:v1', essential: true, memory: 128 };
    const input = { family: `family-${index}`, containerDefinitions: [container] };
    await signer.call(server.port, { service: 'ecs', operation: 'RegisterTaskDefinition', input });
  }
  await runTasks(server.port, signer, history);
  await stoppedTasks(server.port, signer, history);
  await server.end();
  return () => started(data, server.port);
}

async function emptyProgram(): Promise<number> {
  const begun = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - begun;
}

function moto(): Promise<number> {
  return withCleanUp(async (cleanUp) => (await startMoto(cleanUp)).readyMs);
}
