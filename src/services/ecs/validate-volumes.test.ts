// Volumes, memory file systems, kernel parameters and names of a container that AWS refuses, and its words for them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFixture, plainDefinition } from './fixture.ts';
import type { ContainerDefinition, RegisterInput, Volume } from './shapes.ts';
import { checkedTaskDefinition } from './validate-task-definition.ts';

const app: ContainerDefinition = { name: 'app', image: 'app:1' };

function containers(...containerDefinitions: ContainerDefinition[]): Partial<RegisterInput> {
  return { containerDefinitions };
}

const withApp = (parts: Partial<ContainerDefinition>) => containers({ ...app, ...parts });
const from = (name: string, sourceContainer: string) => ({ ...app, name, volumesFrom: [{ sourceContainer }] });
const tmpfs = (parts: object) => withApp({ linuxParameters: { tmpfs: [{ containerPath: '/t', size: 1, ...parts }] } });
const linux = (linuxParameters: ContainerDefinition['linuxParameters']) => withApp({ linuxParameters });
const control = (namespace: string, value = '1') => withApp({ systemControls: [{ namespace, value }] });
const storage = (sizeInGiB: number) => ({ ephemeralStorage: { sizeInGiB } });
const unsupported = (what: string) => `Fargate compatible task definitions do not support ${what}`;
const onAwsvpc = (what: string) => `${what} supported on container when networkMode=awsvpc.`;
const setting = (why: string) => `Invalid setting for container 'app'. ${why}`;

const malformed: readonly (readonly [Partial<RegisterInput>, string | RegExp])[] = [
  [{ volumes: [{}] }, 'Volume.name should not be null or empty.'],
  [{ volumes: [{ name: 'a b' }] }, 'Volume.name contains invalid characters.'],
  [{ volumes: [{ name: 'a'.repeat(256) }] }, 'Volume.name should be at most 255 characters.'],
  [{ volumes: [{ name: 'a' }, { name: 'a' }] }, 'Volume names must be unique within a task definition: a.'],
  [withApp({ mountPoints: [{ sourceVolume: 'data', containerPath: '/data' }] }), "Unknown volume 'data'."],
  [withApp({ mountPoints: [{ containerPath: '/data' }] }), "Unknown volume 'null'."],
  [
    { ...withApp({ mountPoints: [{ sourceVolume: 'data' }] }), volumes: [{ name: 'data' }] },
    setting("'containerPath' should not be null or empty."),
  ],
  [containers(from('app', 'db')), "Unknown container 'db'."],
  [containers(from('app', 'app')), 'Container dependencies should not have a cycle'],
  [containers(from('a', 'b'), from('b', 'c'), from('c', 'a')), 'Container dependencies should not have a cycle'],
  [{ volumes: [{ name: 'a', host: { sourcePath: '/srv' } }] }, unsupported('sourcePath')],
  [{ volumes: [{ name: 'a', dockerVolumeConfiguration: {} }] }, unsupported('dockerVolumeConfiguration')],
  [linux({ sharedMemorySize: 64 }), unsupported('sharedMemorySize')],
  [linux({ devices: [{ hostPath: '/dev/fuse' }] }), unsupported('devices')],
  [linux({ maxSwap: 0 }), unsupported('maxSwap')],
  [linux({ swappiness: 0 }), unsupported('swappiness')],
  [tmpfs({ containerPath: 'tmp' }), setting("'containerPath' of 'tmpfs' must be an absolute path.")],
  [tmpfs({ size: 0 }), setting("'size' of 'tmpfs' must be at least 1 MiB.")],
  [tmpfs({ mountOptions: ['fast'] }), /^fast is not a valid mount option\. Must be one of \[defaults,ro,/],
  [tmpfs({ mountOptions: ['mode=1,exec'] }), /^mode=1,exec is not a valid mount option/],
  [
    linux({ tmpfs: ['/t', '/t'].map((containerPath) => ({ containerPath, size: 1 })) }),
    setting("'tmpfs' has the 'containerPath' /t twice."),
  ],
  [
    control('kernel.core_pattern'),
    /^The 'systemControls' namespace kernel\.core_pattern must start with one of \[net\./,
  ],
  [control('net'), /^The 'systemControls' namespace net must start with/],
  [control('net.a/../b'), setting("'systemControls' namespace net.a/../b is not valid.")],
  [control('net.core.somaxconn', ''), setting("'systemControls' has no valid value for net.core.somaxconn.")],
  [
    withApp({ systemControls: ['1', '2'].map((value) => ({ namespace: 'net.core.somaxconn', value })) }),
    setting("'systemControls' has the namespace net.core.somaxconn twice."),
  ],
  [withApp({ links: ['db'] }), 'Links are not supported when networkMode=awsvpc.'],
  [withApp({ hostname: 'web' }), onAwsvpc('hostname is not')],
  [withApp({ dnsServers: ['10.0.0.2'] }), onAwsvpc('DNS servers are not')],
  [withApp({ dnsSearchDomains: ['internal'] }), onAwsvpc('DNS search domains are not')],
  [withApp({ extraHosts: [{ hostname: 'db', ipAddress: '10.0.0.3' }] }), onAwsvpc('Extra hosts are not')],
  [withApp({ disableNetworking: true }), onAwsvpc('Disable Networking is not')],
  [storage(20), 'EphemeralStorage size should be at least 21'],
  [storage(201), 'EphemeralStorage size should be at most 200'],
];

for (const [change, message] of malformed) {
  test(`a definition with ${JSON.stringify(change).slice(0, 100)} is refused: ${message}`, () => {
    assert.throws(() => checkedTaskDefinition({ ...plainDefinition, ...change }, 'X86_64'), {
      code: 'ClientException',
      message,
    });
  });
}

test('what only Fargate refuses makes a definition one of EC2', () => {
  const volumes: Volume[] = [{ name: 'a', host: { sourcePath: '/srv' } }];
  const definition = { ...plainDefinition, requiresCompatibilities: undefined };
  assert.deepEqual(checkedTaskDefinition({ ...definition, volumes }, 'X86_64').compatibilities, ['EC2']);
  assert.deepEqual(checkedTaskDefinition(definition, 'X86_64').compatibilities, ['EC2', 'FARGATE']);
});

test('volumes and the size of storage are described, of a task as well', async () => {
  const fixture = await createFixture();
  const volumes = [{ name: 'data' }, { name: 'cache', host: {} }];
  const { taskDefinition } = await fixture.call('RegisterTaskDefinition', {
    ...plainDefinition,
    ...storage(42),
    volumes,
  });
  assert.deepEqual(taskDefinition!.volumes, volumes);
  assert.deepEqual(taskDefinition!.ephemeralStorage, { sizeInGiB: 42 });
  const task = await fixture.describe(await fixture.runOne(storage(42)));
  assert.deepEqual(task.ephemeralStorage, { sizeInGiB: 42 });
  assert.deepEqual(task.fargateEphemeralStorage, { sizeInGiB: 42 });
  const overridden = await fixture.describe(await fixture.runOne(storage(42), { overrides: storage(50) }));
  assert.deepEqual(overridden.ephemeralStorage, { sizeInGiB: 50 });
  assert.deepEqual(overridden.overrides!.ephemeralStorage, { sizeInGiB: 50 });
  await assert.rejects(fixture.runOne({}, { overrides: storage(20) }), {
    message: 'EphemeralStorage size should be at least 21',
  });
  await fixture.end();
});
