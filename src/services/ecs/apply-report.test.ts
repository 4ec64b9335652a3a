// What reports make of a task, in any order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TaskStateChange } from '#node/messages.ts';
import { applyReport } from './apply-report.ts';
import type { TaskSpec, TaskStatus } from './kinds.ts';
import { isBefore } from './lifecycle.ts';

const spec: TaskSpec = {
  account: '123456789012',
  region: 'us-east-1',
  id: '0a',
  clusterName: 'demo',
  family: 'web',
  revision: 1,
  launchType: 'FARGATE',
  platformVersion: '1.4.0',
  cpu: '256',
  memory: '512',
  group: 'family:web',
  containers: [],
  overrides: {},
  network: { attachmentId: 'a', subnetId: 'subnet-1', availabilityZone: 'us-east-1a', securityGroupIds: [] },
  tags: [],
  createdAt: 0,
};
const pending: TaskStatus = {
  lastStatus: 'PENDING',
  version: 2,
  containers: [
    { name: 'app', lastStatus: 'PENDING' },
    { name: 'side', lastStatus: 'PENDING' },
  ],
  networkInterface: {
    networkInterfaceId: 'eni-1',
    macAddress: '02:00:00:00:00:01',
    privateDnsName: 'ip-172-31-0-4.ec2.internal',
    privateIpAddress: '172.31.0.4',
    status: 'ATTACHING',
  },
};
const report = (change: Partial<TaskStateChange>): TaskStateChange => ({
  cluster: 'demo',
  task: 'arn',
  status: 'PENDING',
  containers: [],
  ...change,
});

test('a report of RUNNING makes it so, at the time that it came', () => {
  const next = applyReport(
    spec,
    pending,
    report({
      status: 'RUNNING',
      pullStartedAt: new Date(10),
      pullStoppedAt: new Date(20),
      containers: [{ containerName: 'app', status: 'RUNNING', runtimeId: 'r1', imageDigest: 'sha256:1' }],
      attachments: [{ attachmentArn: 'a', status: 'ATTACHED' }],
    }),
    30,
  );
  assert.deepEqual(
    { ...next, executionStoppedAt: 'none' },
    {
      ...pending,
      lastStatus: 'RUNNING',
      version: 3,
      containers: [
        {
          name: 'app',
          lastStatus: 'RUNNING',
          runtimeId: 'r1',
          exitCode: undefined,
          healthStatus: undefined,
          reason: undefined,
          imageDigest: 'sha256:1',
        },
        { name: 'side', lastStatus: 'PENDING' },
      ],
      networkInterface: { ...pending.networkInterface, status: 'ATTACHED' },
      connectivityAt: 30,
      pullStartedAt: 10,
      pullStoppedAt: 20,
      startedAt: 30,
      executionStoppedAt: 'none',
    },
  );
});

const endings: readonly (readonly [string, Partial<TaskStatus>, Partial<TaskStateChange>, object])[] = [
  [
    'a task whose container exited',
    { lastStatus: 'RUNNING', startedAt: 5 },
    { reason: 'Essential container in task exited' },
    { stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' },
  ],
  [
    'a task so short that nobody saw it run',
    {},
    { reason: 'Essential container in task exited' },
    { stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' },
  ],
  [
    'a task whose image is not there',
    {},
    { reason: 'CannotPullContainerError: not found' },
    { stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError: not found' },
  ],
];
for (const [name, status, change, expected] of endings) {
  test(`${name} says so`, () => {
    const next = applyReport(spec, { ...pending, ...status }, report({ status: 'STOPPED', ...change }), 40);
    const { stopCode, stoppedReason } = next;
    assert.deepEqual({ stopCode, stoppedReason }, expected);
    assert.deepEqual([next.lastStatus, next.stoppingAt, next.executionStoppedAt], ['DEPROVISIONING', 40, 40]);
    assert.ok(next.containers.every(({ lastStatus }) => lastStatus === 'STOPPED'));
    assert.equal(next.networkInterface?.status, 'DETACHING');
  });
}

test('a task that somebody stopped keeps their reason, whatever its containers did', () => {
  const stopped = { ...spec, stop: { code: 'UserInitiated' as const, reason: 'enough', at: 7 } };
  const next = applyReport(
    stopped,
    pending,
    report({ status: 'STOPPED', reason: 'Essential container in task exited' }),
    9,
  );
  assert.deepEqual([next.stopCode, next.stoppedReason, next.stoppingAt], [undefined, undefined, 7]);
});

test('a container whose end was told and that is gone since has not ended for being gone', () => {
  const side = { containerName: 'side', status: 'STOPPED' as const, runtimeId: 'r2' };
  const ended = applyReport(spec, pending, report({ status: 'RUNNING', containers: [{ ...side, exitCode: 0 }] }), 9);
  const gone = { ...side, reason: 'NoSuchContainerError: Container not found: side' };
  assert.equal(applyReport(spec, ended, report({ status: 'RUNNING', containers: [gone] }), 99), ended);
  // What the engine learns late of the end itself is told.
  const late = { ...side, exitCode: 0, reason: 'OutOfMemoryError: Container killed due to memory usage' };
  const known = applyReport(spec, ended, report({ status: 'RUNNING', containers: [late] }), 99);
  assert.equal(known.containers[1]!.reason, late.reason);
});

test('a task that has STOPPED does not change any more', () => {
  const over: TaskStatus = { ...pending, lastStatus: 'STOPPED' };
  assert.equal(applyReport(spec, over, report({ status: 'STOPPED', pullStoppedAt: new Date(20) }), 9), over);
});

test('a container that was made anew before it ran is told as what it is now', () => {
  const made = { containerName: 'app', status: 'PENDING' as const, runtimeId: 'r1', imageDigest: 'sha256:1' };
  const before = applyReport(spec, pending, report({ containers: [made] }), 9);
  const anew = { ...made, status: 'RUNNING' as const, runtimeId: 'r2', imageDigest: 'sha256:2' };
  const after = applyReport(spec, before, report({ status: 'RUNNING', containers: [anew] }), 99);
  assert.equal(after.containers[0]!.runtimeId, 'r2');
  assert.equal(after.containers[0]!.imageDigest, 'sha256:2');
  const ended = applyReport(spec, after, report({ containers: [{ ...anew, status: 'STOPPED', exitCode: 0 }] }), 99);
  assert.equal(applyReport(spec, ended, report({ containers: [{ ...made, status: 'STOPPED' }] }), 999), ended);
});

test('health is what was last told of it, also by a report that does not tell', () => {
  const app = { containerName: 'app', status: 'RUNNING' } as const;
  const healthy = applyReport(spec, pending, report({ containers: [{ ...app, healthStatus: 'HEALTHY' }] }), 9);
  const unhealthy = applyReport(spec, healthy, report({ containers: [{ ...app, healthStatus: 'UNHEALTHY' }] }), 9);
  assert.equal(unhealthy.containers[0]!.healthStatus, 'UNHEALTHY');
  assert.equal(unhealthy.version, healthy.version + 1);
  const stopped = applyReport(
    spec,
    unhealthy,
    report({ status: 'STOPPED', containers: [{ ...app, status: 'STOPPED' }] }),
    9,
  );
  assert.equal(stopped.containers[0]!.healthStatus, 'UNHEALTHY');
});

test('a report that tells nothing new gives back the very same status', () => {
  const change = report({
    status: 'RUNNING',
    containers: [{ containerName: 'app', status: 'RUNNING', runtimeId: 'r1' }],
  });
  const once = applyReport(spec, pending, change, 30);
  assert.equal(applyReport(spec, once, change, 99), once);
});

const reports = fc.record(
  {
    cluster: fc.constant('demo'),
    task: fc.constant('arn'),
    status: fc.constantFrom('PENDING' as const, 'RUNNING' as const, 'STOPPED' as const),
    containers: fc.array(
      fc.record(
        {
          containerName: fc.constantFrom('app', 'side', 'unknown'),
          status: fc.constantFrom('PENDING' as const, 'RUNNING' as const, 'STOPPED' as const),
          runtimeId: fc.constantFrom('r1', 'r2'),
          exitCode: fc.nat(255),
          reason: fc.string(),
        },
        { requiredKeys: ['containerName', 'status'] },
      ),
      { maxLength: 4 },
    ),
    reason: fc.string(),
    pullStartedAt: fc.nat().map((ms) => new Date(ms)),
    executionStoppedAt: fc.nat().map((ms) => new Date(ms)),
  },
  { requiredKeys: ['cluster', 'task', 'status', 'containers'] },
);

test('whatever a node reports, in whatever order: nothing goes back, no exit code is lost, repeating changes nothing', () => {
  const ranks = { PENDING: 0, RUNNING: 1, STOPPED: 2 };
  fc.assert(
    fc.property(fc.array(reports, { maxLength: 12 }), (changes) => {
      let status = pending;
      let now = 100;
      for (const change of changes) {
        const next = applyReport(spec, status, change, (now += 1));
        assert.ok(!isBefore(next.lastStatus, status.lastStatus));
        next.containers.forEach((container, at) => {
          const before = status.containers[at]!;
          assert.ok(ranks[container.lastStatus] >= ranks[before.lastStatus]);
          if (before.exitCode !== undefined) assert.equal(container.exitCode, before.exitCode);
        });
        if (status.startedAt !== undefined) assert.equal(next.startedAt, status.startedAt);
        assert.ok(next === status || next.version === status.version + 1);
        assert.equal(applyReport(spec, next, change, now + 1), next);
        status = next;
      }
    }),
  );
});
