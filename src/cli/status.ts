// `berth status`: what runs, and where, asked through the public API.
import { ECS, type Cluster } from '@aws-sdk/client-ecs';
import { join, resolve } from 'node:path';
import type { Config } from '#config.ts';
import { createFsBlobs } from '#drivers/blobs-fs/fs-blobs.ts';
import { Engine, socketPathOf } from '#drivers/runtime-docker/engine.ts';
import { messageOf } from '#kernel/error.ts';
import { requireInstallation } from './installation.ts';

/** A page for people. */
export async function status(config: Config): Promise<string> {
  const { endpoint, pid, port, since, names, warning, home, accessKeyId, secretAccessKey } = requireInstallation(
    config.data,
  );
  const ecs = new ECS({ endpoint, region: home.region, credentials: { accessKeyId, secretAccessKey } });
  const [clusters, engine, damage] = await Promise.all([describeClusters(ecs), describeEngine(), findDamage(config)]);
  ecs.destroy();
  const lines = [
    `Berth is running (process ${pid}, since ${since})`,
    `  endpoint  ${endpoint}`,
    `  registry  ${[`localhost:${port}`, ...names].join(', ')}`,
    `  data      ${config.data}`,
    `  account   ${home.account}`,
    `  region    ${home.region}`,
    `  VPC       ${home.vpcCidr}`,
    `  engine    ${engine}`,
    ...(damage === 0 ? [] : [`  DAMAGED   ${damage} of the registry's blobs; see bin/berth registry check`]),
    ...(warning === undefined ? [] : [`  WARNING   ${warning}`]),
    clusters.length === 0 ? '  clusters  none' : '  clusters',
    ...clusters.map(({ clusterName, runningTasksCount, pendingTasksCount }) => {
      return `    ${clusterName}: ${runningTasksCount} running, ${pendingTasksCount} pending`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

/** Tasks stay PENDING while the engine does not answer: this is where one sees why. */
async function describeEngine(): Promise<string> {
  const engine = new Engine(socketPathOf(process.env['DOCKER_HOST']));
  try {
    return `Docker ${(await engine.version()).Version}`;
  } catch (thrown) {
    return `NOT ANSWERING (${messageOf(thrown)}); see bin/berth doctor`;
  } finally {
    engine.close();
  }
}

/** How many blobs were found damaged, put aside, and not pushed again since. */
async function findDamage({ data }: Config): Promise<number> {
  const blobs = createFsBlobs(join(resolve(data), 'blobs'));
  let count = 0;
  for await (const namespace of blobs.namespaces()) {
    for await (const { digest } of blobs.damaged(namespace)) {
      if ((await blobs.size(namespace, digest)) === undefined) count += 1;
    }
  }
  return count;
}

async function describeClusters(ecs: ECS): Promise<Cluster[]> {
  const described: Cluster[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ecs.listClusters({ nextToken });
    if (page.clusterArns?.length) {
      described.push(...((await ecs.describeClusters({ clusters: page.clusterArns })).clusters ?? []));
    }
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  return described;
}
