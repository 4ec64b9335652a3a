// A small image of this machine's own busybox, built and pushed by the real docker client.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Berth } from './berth.fixture.ts';

const dockerfile = ['FROM scratch', 'COPY busybox /bin/busybox', 'ENTRYPOINT ["/bin/busybox", "sh", "-c"]', ''].join(
  '\n',
);

/** Builds and pushes `<registry>/<repository>:<tag>` (the repository must exist, the client be logged in); gives its reference. */
export async function pushBusybox(berth: Berth, repository: string, tag = 'v1'): Promise<string> {
  const folder = join(berth.data, 'busybox-image');
  mkdirSync(folder, { recursive: true });
  copyFileSync('/bin/busybox', join(folder, 'busybox'));
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  const reference = `${berth.registry}/${repository}:${tag}`;
  // The classic builder: BuildKit wants a plug-in that Debian does not have.
  const environment = ['DOCKER_BUILDKIT=0', 'docker'];
  const built = await berth.command('env', ...environment, 'build', '-q', '-t', reference, folder);
  if (built.code !== 0) throw new Error(`docker build: ${built.stderr}`);
  const pushed = await berth.command('docker', 'push', '-q', reference);
  if (pushed.code !== 0) throw new Error(`docker push: ${pushed.stderr}`);
  return reference;
}

/** Makes a repository with the image and a cluster `demo`; gives the image's reference and RunTask's network configuration. */
export async function prepareDemo(berth: Berth): Promise<{ readonly image: string; readonly network: string }> {
  await berth.aws('ecr', 'create-repository', '--repository-name', 'app');
  await berth.login();
  const image = await pushBusybox(berth, 'app');
  await berth.aws('ecs', 'create-cluster', '--cluster-name', 'demo');
  const { Subnets } = await berth.aws<{ Subnets: { SubnetId: string }[] }>('ec2', 'describe-subnets');
  return { image, network: `awsvpcConfiguration={subnets=[${Subnets[0]!.SubnetId}]}` };
}

/** A Fargate task definition of one container that runs `script` and writes to the log group `/ecs/<family>`. */
export function taskDefinition(family: string, image: string, script: string): string {
  return JSON.stringify({
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    containerDefinitions: [
      {
        name: 'app',
        image,
        command: [script],
        stopTimeout: 5,
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': `/ecs/${family}`,
            'awslogs-region': 'us-east-1',
            'awslogs-stream-prefix': 'ecs',
            'awslogs-create-group': 'true',
          },
        },
      },
    ],
  });
}
