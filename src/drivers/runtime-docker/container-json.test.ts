// The engine's JSON: create bodies, inspections, stats, references and times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerSpec } from '#drivers/runtime.ts';
import { containerOf, createBody } from './container-json.ts';
import type { Inspection } from './container-json.ts';
import { statsOf } from './container-stats.ts';
import { splitReference } from './docker-images.ts';
import { sinceOf } from './docker-logs.ts';

const bare: ContainerSpec = { name: 'n', image: 'i', labels: { a: 'b' }, network: { mode: 'none' } };

/** As it goes over the wire: without what is absent. */
function sent(spec: ContainerSpec, endpointMac = false): Record<string, unknown> {
  return JSON.parse(JSON.stringify(createBody(spec, endpointMac))) as Record<string, unknown>;
}

test('a bare spec says nothing that it was not told', () => {
  assert.deepEqual(sent(bare), {
    Image: 'i',
    Labels: { a: 'b' },
    HostConfig: {
      NetworkMode: 'none',
      LogConfig: { Type: 'json-file', Config: { 'max-size': '64m', 'max-file': '2', mode: 'blocking' } },
    },
  });
});

test('every member of a spec arrives', () => {
  const full: Required<ContainerSpec> = {
    ...bare,
    network: { mode: 'container', id: 'pause' },
    entryPoint: ['/e'],
    command: ['c'],
    environment: { A: 'b=c', EMPTY: '' },
    workingDirectory: '/w',
    user: '1000:1000',
    hostname: 'h',
    mounts: [{ volume: 'v', target: '/t', readOnly: true }],
    tmpfs: [{ target: '/m', options: 'rw,noexec,size=1024' }],
    volumesFrom: [
      { container: 'a', readOnly: true },
      { container: 'b', readOnly: false },
    ],
    sysctls: { 'net.core.somaxconn': '1024' },
    memoryBytes: 512,
    memoryReservationBytes: 256,
    cpuShares: 128,
    nanoCpus: 250_000_000,
    pidsLimit: 100,
    ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
    readOnlyRootFilesystem: true,
    init: true,
    tty: true,
    interactive: true,
    capabilitiesAdd: ['SYS_PTRACE'],
    capabilitiesDrop: ['NET_RAW'],
    noNewPrivileges: true,
    dnsServers: ['10.0.0.2'],
    dnsSearchDomains: ['internal'],
    extraHosts: [{ hostname: 'db', ipAddress: '10.0.0.3' }],
    stopSignal: 'SIGQUIT',
    healthCheck: { command: ['CMD', 'ok'], intervalMs: 30_000, timeoutMs: 5000, retries: 3, startPeriodMs: 60_000 },
  };
  const { HostConfig, ...config } = sent(full);
  assert.deepEqual(config, {
    Image: 'i',
    Labels: { a: 'b' },
    Entrypoint: ['/e'],
    Cmd: ['c'],
    Env: ['A=b=c', 'EMPTY='],
    WorkingDir: '/w',
    User: '1000:1000',
    Hostname: 'h',
    Tty: true,
    OpenStdin: true,
    StopSignal: 'SIGQUIT',
    Healthcheck: {
      Test: ['CMD', 'ok'],
      Interval: 30_000_000_000,
      Timeout: 5_000_000_000,
      Retries: 3,
      StartPeriod: 60_000_000_000,
    },
  });

  const { LogConfig: _log, ...host } = HostConfig as Record<string, unknown>;
  assert.deepEqual(host, {
    NetworkMode: 'container:pause',
    Mounts: [{ Type: 'volume', Source: 'v', Target: '/t', ReadOnly: true }],
    Tmpfs: { '/m': 'rw,noexec,size=1024' },
    VolumesFrom: ['a:ro', 'b:rw'],
    Sysctls: { 'net.core.somaxconn': '1024' },
    Memory: 512,
    MemorySwap: 512,
    MemoryReservation: 256,
    CpuShares: 128,
    NanoCpus: 250_000_000,
    PidsLimit: 100,
    Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
    ReadonlyRootfs: true,
    Init: true,
    CapAdd: ['SYS_PTRACE'],
    CapDrop: ['NET_RAW'],
    SecurityOpt: ['no-new-privileges:true'],
    Dns: ['10.0.0.2'],
    DnsSearch: ['internal'],
    ExtraHosts: ['db:10.0.0.3'],
  });
});

test('what the image says of health is overruled, also where the container wants none', () => {
  assert.deepEqual(sent({ ...bare, healthCheck: 'none' })['Healthcheck'], { Test: ['NONE'] });
  const check = { command: ['CMD', 'ok'], intervalMs: 30_000, timeoutMs: 5000, retries: 3, startPeriodMs: 0 };
  const { StartPeriod } = sent({ ...bare, healthCheck: check })['Healthcheck'] as Record<string, number>;
  assert.equal(StartPeriod, 1_000_000, '0 would mean the image’s');
});

test('a fixed MAC address stands where the API of the engine wants it', () => {
  const network = { mode: 'bridge', network: 'vpc', ipv4Address: '10.0.0.9', macAddress: '02:00:00:00:00:01' } as const;
  const old = sent({ ...bare, network });
  assert.equal(old['MacAddress'], '02:00:00:00:00:01');
  assert.deepEqual(old['NetworkingConfig'], { EndpointsConfig: { vpc: { IPAMConfig: { IPv4Address: '10.0.0.9' } } } });
  const recent = sent({ ...bare, network }, true);
  assert.equal(recent['MacAddress'], undefined);
  assert.deepEqual(recent['NetworkingConfig'], {
    EndpointsConfig: { vpc: { IPAMConfig: { IPv4Address: '10.0.0.9' }, MacAddress: '02:00:00:00:00:01' } },
  });
});

function inspection(state: Partial<Inspection['State']>): Inspection {
  return {
    Id: 'id',
    Name: '/name',
    Created: '2026-01-01T00:00:00.123456789Z',
    Image: 'sha256:1',
    Config: { Labels: null, Tty: false },
    HostConfig: { Memory: 0 },
    State: {
      Status: 'created',
      Running: false,
      OOMKilled: false,
      ExitCode: 0,
      Error: '',
      StartedAt: '0001-01-01T00:00:00Z',
      FinishedAt: '0001-01-01T00:00:00Z',
      ...state,
    },
  };
}

test('inspections in every phase', () => {
  const times = { StartedAt: '2026-01-01T00:00:01Z', FinishedAt: '2026-01-01T00:00:02Z' };
  const table: readonly [Partial<Inspection['State']>, Record<string, unknown>][] = [
    [{}, { phase: 'created', exitCode: undefined, startedAt: undefined, finishedAt: undefined }],
    [
      { ExitCode: 127, Error: 'OCI' },
      { phase: 'created', exitCode: 127, error: 'OCI' },
    ],
    [
      { Status: 'running', ...times },
      { phase: 'running', exitCode: undefined, finishedAt: undefined },
    ],
    [
      { Status: 'paused', ...times },
      { phase: 'paused', exitCode: undefined, finishedAt: undefined },
    ],
    [
      { Status: 'exited', ...times, ExitCode: 7 },
      { phase: 'exited', exitCode: 7, finishedAt: new Date(times.FinishedAt) },
    ],
    [
      { Status: 'dead', ...times, ExitCode: 137, OOMKilled: true },
      { phase: 'dead', exitCode: 137, outOfMemory: true },
    ],
    [
      { Status: 'exited', StartedAt: times.FinishedAt, FinishedAt: times.StartedAt },
      { startedAt: new Date(times.StartedAt), finishedAt: new Date(times.StartedAt) },
    ],
  ];
  for (const [state, expected] of table) assert.partialDeepStrictEqual(containerOf(inspection(state)), expected);
  assert.partialDeepStrictEqual(containerOf(inspection({})), {
    id: 'id',
    name: 'name',
    labels: {},
    imageId: 'sha256:1',
  });
});

test('memory in use leaves the page cache out, for both versions of cgroups', () => {
  const json = {
    read: '2026-01-01T00:00:00Z',
    cpu_stats: { cpu_usage: { total_usage: 5 } },
    networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
    blkio_stats: {
      io_service_bytes_recursive: [
        { op: 'Read', value: 3 },
        { op: 'write', value: 4 },
        { op: 'Total', value: 7 },
      ],
    },
  };
  const of = (stats: Record<string, number>) => statsOf({ ...json, memory_stats: { usage: 100, stats } });
  assert.equal(of({ total_inactive_file: 30, inactive_file: 5 })?.memoryBytes, 70);
  assert.equal(of({ inactive_file: 40 })?.memoryBytes, 60);
  assert.equal(of({ inactive_file: 400 })?.memoryBytes, 100);
  assert.partialDeepStrictEqual(of({}), {
    cpuNanoseconds: 5,
    networkReceivedBytes: 11,
    networkSentBytes: 22,
    blockReadBytes: 3,
    blockWrittenBytes: 4,
  });
  assert.equal(statsOf({ ...json, memory_stats: {} }), undefined);
  assert.equal(statsOf({ ...json, read: '0001-01-01T00:00:00Z', memory_stats: { usage: 1 } }), undefined);
});

test('references are a name and a tag or digest', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  for (const [reference, name, tag] of [
    ['busybox', 'busybox', 'latest'],
    ['busybox:1.36', 'busybox', '1.36'],
    ['localhost:4566/app', 'localhost:4566/app', 'latest'],
    ['localhost:4566/team/app:v1', 'localhost:4566/team/app', 'v1'],
    [`localhost:4566/app@${digest}`, 'localhost:4566/app', digest],
    [`localhost:4566/app:v1@${digest}`, 'localhost:4566/app', digest],
  ] as const) {
    assert.deepEqual(splitReference(reference), { name, tag });
  }
});

test('a timestamp keeps its nanoseconds on the way to the engine', () => {
  assert.equal(sinceOf('2026-11-24T07:49:36.804339726Z'), '1795506576.804339726');
  assert.equal(sinceOf('2026-11-24T07:49:36Z'), '1795506576.000000000');
  assert.equal(sinceOf('2026-11-24T08:49:36.5+01:00'), '1795506576.500000000');
  assert.throws(() => sinceOf('yesterday'), { name: 'RuntimeError', reason: 'invalid' });
});
