// `berth status`: what runs, and where, asked through the public API.
import { ECS, type Cluster } from '@aws-sdk/client-ecs';
import type { Config } from '#config.ts';
import { requireInstallation } from './installation.ts';

/** A page for people. */
export async function status(config: Config): Promise<string> {
  const { endpoint, pid, port, since, accessKeyId, secretAccessKey } = requireInstallation(config.data);
  const ecs = new ECS({ endpoint, region: config.region, credentials: { accessKeyId, secretAccessKey } });
  const clusters = await describeClusters(ecs);
  ecs.destroy();
  const lines = [
    `Berth is running (process ${pid}, since ${since})`,
    `  endpoint  ${endpoint}`,
    `  registry  localhost:${port}`,
    `  data      ${config.data}`,
    `  region    ${config.region}`,
    clusters.length === 0 ? '  clusters  none' : '  clusters',
    ...clusters.map(({ clusterName, runningTasksCount, pendingTasksCount }) => {
      return `    ${clusterName}: ${runningTasksCount} running, ${pendingTasksCount} pending`;
    }),
  ];
  return `${lines.join('\n')}\n`;
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
