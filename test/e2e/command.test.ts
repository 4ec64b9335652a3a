// The berth command as its users meet it: up, down, env, status, doctor, and what each says when it cannot.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '#kernel/free-port.fixture.ts';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';

let berth: Berth;

before(async () => {
  berth = await Berth.start();
});

after(() => berth.remove());

const command = (...args: string[]) => berth.command('bin/berth', ...args);

test('env prints the lines that the contract names, and nothing else', async () => {
  const { stdout } = await command('env', '--data', berth.data);
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => /^export (\w+)=\S+$/.exec(line)?.[1]);
  assert.deepEqual(names, [
    'AWS_ENDPOINT_URL',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'BERTH_REGISTRY',
  ]);
  assert.match(stdout, new RegExp(`AWS_ENDPOINT_URL=http://127\\.0\\.0\\.1:${berth.port}\n`));
  assert.match(stdout, new RegExp(`BERTH_REGISTRY=localhost:${berth.port}\n`));
});

test('env mends what would lead the tools past Berth', async () => {
  const odd = ['HTTP_PROXY=http://proxy:1', 'NO_PROXY=internal', 'AWS_SESSION_TOKEN=left'];
  const { stdout } = await berth.command('env', ...odd, 'bin/berth', 'env', '--data', berth.data);
  assert.match(stdout, /^export NO_PROXY=127\.0\.0\.1,localhost,internal$/m);
  assert.match(stdout, /^unset AWS_SESSION_TOKEN$/m);
});

test('a second up on a data directory says who holds it, attached or detached', async () => {
  for (const flags of [[], ['--detach']]) {
    const second = await command('up', '--data', berth.data, '--port', '0', ...flags);
    assert.equal(second.code, 1);
    assert.ok(second.stderr.includes(`process id ${berth.pid}`), second.stderr);
    assert.ok(second.stderr.includes(`127.0.0.1:${berth.port}`), second.stderr);
  }
});

test('status tells where it serves, by which engine, and what its clusters run', async () => {
  await berth.aws('ecs', 'create-cluster', '--cluster-name', 'seen');
  const { stdout } = await command('status', '--data', berth.data);
  assert.match(stdout, new RegExp(`process ${berth.pid}`));
  assert.match(stdout, /engine +Docker \d+\./);
  assert.match(stdout, /seen: 0 running, 0 pending/);
});

test('doctor finds nothing wrong on a machine that was set up', async () => {
  const { stdout, code } = await command('doctor', '--data', berth.data, '--port', String(berth.port));
  assert.equal(code, 0, stdout);
  assert.match(stdout, /Everything is well/);
});

test('doctor says what is wrong and how to mend it', async () => {
  const environment = ['DOCKER_HOST=unix:///nonexistent.sock', `PATH=${join(berth.data, 'nothing')}:/usr/bin:/bin`];
  const port = String(berth.port);
  const elsewhere = join(berth.data, 'other');
  const result = await berth.command('env', ...environment, 'bin/berth', 'doctor', '--data', elsewhere, '--port', port);
  assert.equal(result.code, 1);
  assert.match(result.stdout, /WRONG +Docker Engine[^\n]*\n +-> Run script\/setup/);
  assert.match(result.stdout, /WRONG +port[^\n]*taken[^\n]*\n +-> [^\n]*--port/);
});

test('bad values are named with their flag, from the command line and from the environment', async () => {
  const flag = await command('up', '--data', berth.data, '--account', '12');
  assert.equal(flag.code, 1);
  assert.match(flag.stderr, /--account \(BERTH_ACCOUNT\) must be twelve digits; got 12/);
  const variable = await berth.command('env', 'BERTH_PORT=http', 'bin/berth', 'status', '--data', berth.data);
  assert.match(variable.stderr, /--port \(BERTH_PORT\)/);
});

test('a port that is taken is said with what to do', async () => {
  const data = mkdtempSync(join(tmpdir(), 'berth-e2e-'));
  try {
    const result = await command('up', '--data', data, '--port', String(berth.port));
    assert.equal(result.code, 1);
    assert.match(result.stderr, /is taken by another program: choose another with --port/);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});

test('a log that has become long is set aside at the next start', async () => {
  const data = mkdtempSync(join(tmpdir(), 'berth-e2e-'));
  const log = join(data, 'berth.log');
  writeFileSync(log, '');
  truncateSync(log, 17 * 1024 * 1024);
  try {
    const up = await command('up', '--detach', '--data', data, '--port', String(await freePort()));
    assert.equal(up.code, 0, up.stderr);
    assert.equal(statSync(`${log}.1`).size, 17 * 1024 * 1024);
    assert.match(readFileSync(log, 'utf8'), /"message":"ready"/);
    assert.equal(statSync(log).mode & 0o777, 0o600);
  } finally {
    await command('down', '--data', data);
    rmSync(data, { recursive: true, force: true });
  }
});

test('commands on a directory where nothing runs say how to start', async () => {
  const data = mkdtempSync(join(tmpdir(), 'berth-e2e-'));
  try {
    for (const name of ['env', 'status']) {
      const result = await command(name, '--data', data);
      assert.equal(result.code, 1);
      assert.match(result.stderr, /not running[^\n]*bin\/berth up --detach/);
      assert.equal(result.stdout, '');
    }
    assert.match((await command('down', '--data', data)).stdout, /not running/);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});

test('nothing in the data directory can be read by others', () => {
  assert.equal(statSync(berth.data).mode & 0o777, 0o700);
  for (const entry of readdirSync(berth.data, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (path.startsWith(join(berth.data, 'docker'))) continue;
    assert.equal(statSync(path).mode & 0o077, 0, path);
  }
});

test('a second signal ends it at once, whichever the first was', async () => {
  // A request that never becomes whole holds its end up for some seconds.
  const socket = connect(berth.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n');
  await once(socket, 'data');
  process.kill(berth.pid, 'SIGTERM');
  await until('berth listens no more', () =>
    berth.command('curl', '-s', `127.0.0.1:${berth.port}`).then((r) => r.code === 7),
  );
  assert.equal(await berth.end('SIGINT'), 'SIGINT');
  socket.destroy();
  await berth.up();
});

test('a directory whose holder was killed is free at once, and root keys can be chosen', async () => {
  await berth.end('SIGKILL');
  const chosen = ['BERTH_ROOT_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE', 'BERTH_ROOT_SECRET_ACCESS_KEY=chosen-secret'];
  const flags = ['--data', berth.data, '--port', String(berth.port), '--detach'];
  const up = await berth.command('env', ...chosen, 'bin/berth', 'up', ...flags);
  assert.equal(up.code, 0, up.stderr);
  assert.match(up.stdout, /^Berth is ready at http:\/\/127\.0\.0\.1:\d+/);
  assert.ok(up.stdout.endsWith(`eval "$(bin/berth env --data ${berth.data})"\n`), up.stdout);
  const { stdout } = await command('env', '--data', berth.data);
  assert.match(stdout, /AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nexport AWS_SECRET_ACCESS_KEY=chosen-secret\n/);
  const old = await berth.command('aws', 'sts', 'get-caller-identity');
  assert.match(old.stderr, /InvalidClientTokenId/);
  const down = await command('down', '--data', berth.data);
  assert.match(down.stdout, /Berth has stopped; its tasks run on/);
  const moved = await command('up', ...flags, '--region', 'eu-west-1');
  assert.match(moved.stderr, /--region is us-east-1 since the first start/);
  await berth.up();
});
