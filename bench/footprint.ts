// Bench: memory and processor time of a control plane whose 50 tasks just run, beside other idle processes.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '#kernel/clock.ts';
import { figure, type Bench, type Table } from './bench.ts';
import { withCleanUp, type CleanUp } from './clean-up.ts';
import { findProcess, memoryOf, usageOver } from './process-usage.ts';
import { motoVersion, startBareServer, startBerth, startMoto, type Berth } from './servers.ts';
import { runningTasks, runTasks, stopTasks } from './tasks.ts';

const run = promisify(execFile);
const vpcCidr = '10.204.0.0/16';
const taskCount = 50;
const settleSeconds = 15;
const windowSeconds = 60;

/** Situations of the control plane, one after the other in the same process. */
const silent = ['while :; do sleep 3600; done'];
const talking = ['while :; do echo a line of an application that has something to say; sleep 10; done'];

interface Watched {
  readonly name: string;
  readonly pid: number;
}

export const footprint: Bench = {
  name: 'footprint',
  run: (say) =>
    withCleanUp(async (cleanUp) => {
      const berth = await startBerth(vpcCidr, cleanUp);
      const bare = await startBareServer(2, cleanUp);
      const watched: Watched[] = [
        { name: 'Berth', pid: berth.server.pid },
        { name: 'idle node:http server', pid: bare.pid },
      ];
      if ((await motoVersion(say)) !== undefined) {
        watched.push({ name: 'idle moto_server', pid: (await startMoto(cleanUp)).pid });
      }
      for (const name of ['dockerd', 'containerd']) {
        const pid = findProcess(name);
        if (pid !== undefined) watched.push({ name: `${name} (of the whole machine)`, pid });
      }
      const image = await pushBusybox(berth, cleanUp);
      const tables = [await watch('No task yet', watched, say)];
      for (const [title, command] of [
        [`${taskCount} tasks that run and say nothing`, silent],
        [`${taskCount} tasks, each with a line to its log every 10 s`, talking],
      ] as const) {
        const definition = { family: 'busybox', image, command, logGroup: '/ecs/bench' };
        const { port } = berth.server;
        const ids = await runTasks(port, berth.signer, taskCount, definition);
        await runningTasks(port, berth.signer, ids);
        tables.push(await watch(title, watched, say));
        await stopTasks(port, berth.signer, ids);
      }
      return tables;
    }),
};

async function watch(title: string, watched: readonly Watched[], say: (line: string) => void): Promise<Table> {
  await systemClock.sleep(settleSeconds * 1000);
  const usage = await usageOver(
    windowSeconds,
    watched.map(({ pid }) => pid),
  );
  const rows = watched.map(({ name, pid }, index) => {
    const { resident, anonymous, proportional } = memoryOf(pid);
    const megabytes = [resident, proportional, anonymous].map((bytes) => figure((bytes ?? Number.NaN) / 2 ** 20));
    return [name, ...megabytes, `${usage[index]!.toFixed(2)} %`];
  });
  for (const row of rows) say(`${title}: ${row.join(', ')}`);
  return { title, head: ['process', 'RSS MiB', 'PSS MiB', 'anonymous MiB', 'of a core'], rows };
}

const dockerfile = 'FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT ["/bin/busybox", "sh", "-c"]\n';

/** Builds an image of this machine's busybox and pushes it to Berth's registry; gives its reference. */
async function pushBusybox({ server: { port }, signer, data }: Berth, cleanUp: CleanUp): Promise<string> {
  const input = { repositoryName: 'busybox' };
  await signer.call(port, { service: 'ecr', operation: 'CreateRepository', input });
  const reference = `localhost:${port}/busybox:v1`;
  const folder = join(data, 'busybox-image');
  mkdirSync(folder);
  copyFileSync('/bin/busybox', join(folder, 'busybox'));
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  // The classic builder: BuildKit wants a plug-in that Debian does not have.
  const env = { ...process.env, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: join(data, 'docker') };
  const call = { service: 'ecr', operation: 'GetAuthorizationToken', input: {} } as const;
  const { authorizationData } = await signer.call<{ authorizationData: { authorizationToken: string }[] }>(port, call);
  const auths = { [`localhost:${port}`]: { auth: authorizationData[0]!.authorizationToken } };
  mkdirSync(env.DOCKER_CONFIG);
  writeFileSync(join(env.DOCKER_CONFIG, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 });
  cleanUp.add(async () => {
    await run('docker', ['rmi', '-f', reference]);
  });
  await run('docker', ['build', '-q', '-t', reference, folder], { env });
  await run('docker', ['push', '-q', reference], { env });
  return reference;
}
