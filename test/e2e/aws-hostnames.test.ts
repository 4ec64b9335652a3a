// AWS's own registry names on this machine: set up by the real script, used word for word by real clients, and taken back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { freePort } from '#kernel/free-port.fixture.ts';
import { messageOf } from '#kernel/error.ts';
import type { Berth } from './berth.fixture.ts';
import type { Result } from './clients.fixture.ts';
import { taskDefinition } from './busybox-image.fixture.ts';

// An account that nobody has, and a folder and an address of this test's own, so that nothing on this machine is disturbed.
const account = '777700001234';
const region = 'eu-west-3';
const host = `${account}.dkr.ecr.${region}.amazonaws.com`;
const otherHost = `${account}.dkr.ecr.us-east-1.amazonaws.com`;
const address = '127.77.4.1';
const script = resolve('script/setup');
const scratch = mkdtempSync(join(tmpdir(), 'berth-e2e-names-'));
const names = join(scratch, 'names');
const blocked = await whatIsInTheWay();
if (blocked === undefined) takeBackLeftovers();
const hosts = readFileSync('/etc/hosts', 'utf8');
const trusted = trustedHosts();

let berth: Berth;

before(async () => {
  if (blocked !== undefined) return;
  Object.assign(process.env, { BERTH_AWS_HOSTNAMES: names, BERTH_AWS_ADDRESS: address });
  Object.assign(process.env, { BERTH_ACCOUNT: account, BERTH_REGION: region });
  setUp('--aws-hostnames', `${account}.${region},${account}.us-east-1`);
  const fixture = await import('./berth.fixture.ts');
  berth = await fixture.Berth.start();
});

after(async () => {
  try {
    await berth?.command('bash', '-c', `docker images -q '${host}/*' | sort -u | xargs -r docker rmi -f`);
    await berth?.remove();
  } finally {
    if (existsSync(names)) setUp('--no-aws-hostnames');
    rmSync(scratch, { recursive: true, force: true });
  }
});

/** Runs the real script; gives what it said. Throws where it fails. */
function setUp(...options: string[]): string {
  return execFileSync(script, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function trustedHosts(): string[] {
  return existsSync('/etc/docker/certs.d') ? readdirSync('/etc/docker/certs.d') : [];
}

/** What would keep this test from being real. */
async function whatIsInTheWay(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'AWS HOST NAMES ARE SET UP BY ROOT: run as root';
  const server = createServer().listen(443, address);
  try {
    await once(server, 'listening');
  } catch (thrown) {
    return `${address}:443 CANNOT BE HAD (${messageOf(thrown)}): free it`;
  }
  server.close();
  await once(server, 'close');
  return undefined;
}

/** Of runs of this test that were killed: nobody uses their address any more. */
function takeBackLeftovers(): void {
  const left = readFileSync('/etc/hosts', 'utf8').matchAll(/^# berth (\S*\/berth-e2e-names-\w+\/names) begin$/gm);
  for (const [, folder] of left) {
    const environment = { ...process.env, BERTH_AWS_HOSTNAMES: folder };
    execFileSync(script, ['--no-aws-hostnames'], { env: environment, stdio: 'ignore' });
  }
}

const real = (name: string, work: (t: TestContext) => Promise<void> | void): void =>
  void test(name, (t) => (blocked === undefined ? work(t) : t.skip(blocked)));

/** A command of the course, as it is written there, with its placeholders filled; `client` is the docker that runs it. */
async function type(line: string, client: string): Promise<Result> {
  const folder = join(scratch, 'bin');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  symlinkSync(client, join(folder, 'docker'));
  const filled = line
    .replaceAll(/<account_id>|<aws_account_id>/g, account)
    .replaceAll('<region>', region)
    .replaceAll(/<ecr_registry_url>/g, host)
    .replaceAll('<repository_name>', 'flask-api')
    .replaceAll('<image_name>', 'berth-e2e-flask')
    .replaceAll('<tag>', 'v1');
  // The classic builder: BuildKit wants a plug-in that Debian does not have.
  const shell = `set -eo pipefail; export DOCKER_BUILDKIT=0 PATH=${folder}:$PATH; cd ${join(scratch, 'context')}; ${filled}`;
  const result = await berth.command('bash', '-c', shell);
  assert.equal(result.code, 0, `${filled}\n${result.stdout}${result.stderr}`);
  return result;
}

const course = [
  'aws ecr get-login-password --region <region> | docker login --username AWS --password-stdin <account_id>.dkr.ecr.<region>.amazonaws.com',
  'docker build -t <account_id>.dkr.ecr.<region>.amazonaws.com/<repository_name>:<tag> .',
  'docker push <account_id>.dkr.ecr.<region>.amazonaws.com/<repository_name>:<tag>',
  'docker build -t <image_name> .',
  'docker tag <image_name> <ecr_registry_url>/<repository_name>:<tag>',
  'docker push <ecr_registry_url>/<repository_name>:<tag>',
  // What is pulled is not what lies here.
  'docker rmi <image_name> <ecr_registry_url>/<repository_name>:<tag>',
  'docker pull <account_id>.dkr.ecr.<region>.amazonaws.com/<repository_name>:<tag>',
  'docker logout <ecr_registry_url>',
];

/** The digests of a region's repository by the API. */
async function digests(inRegion: string): Promise<string[]> {
  const { imageIds } = await berth.aws<{ imageIds: { imageDigest: string; imageTag?: string }[] }>(
    ...['ecr', 'list-images', '--repository-name', 'flask-api', '--region', inRegion],
  );
  return imageIds.filter(({ imageTag }) => imageTag === 'v1').map(({ imageDigest }) => imageDigest);
}

real(
  'the script adds a private key, marked lines and trust for these names only, and nothing when it is run again',
  () => {
    assert.equal(statSync(join(names, 'key.pem')).mode & 0o777, 0o600);
    const lines = readFileSync('/etc/hosts', 'utf8');
    assert.ok(lines.startsWith(hosts));
    assert.deepEqual(
      lines
        .slice(hosts.length)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('# Made by')),
      [`# berth ${names} begin`, `${address} ${host}`, `${address} ${otherHost}`, `# berth ${names} end`],
    );
    assert.deepEqual(trustedHosts().toSorted(), [...trusted, host, otherHost].toSorted());
    assert.match(setUp('--aws-hostnames'), /^setup: nothing to do/);
    assert.equal(readFileSync('/etc/hosts', 'utf8'), lines);
  },
);

real('the commands of the course run word for word, with either docker', async (t) => {
  await berth.aws('ecr', 'create-repository', '--repository-name', 'flask-api');
  mkdirSync(join(scratch, 'context'));
  copyFileSync('/bin/busybox', join(scratch, 'context/busybox'));
  const clients = ['/usr/bin/docker', '/usr/local/bin/docker'].filter((client) => existsSync(client));
  for (const client of clients) {
    const version = execFileSync(client, ['--version'], { encoding: 'utf8' });
    t.diagnostic(version.trim());
    // Another image each time: it must really be pushed.
    writeFileSync(join(scratch, 'context/Dockerfile'), `FROM scratch\nLABEL by="${version.trim()}"\nCOPY busybox /\n`);
    const said: string[] = [];
    for (const line of course) said.push((await type(line, client)).stdout);
    assert.match(said[0]!, /Login Succeeded/);
    const [digest] = await digests(region);
    assert.ok(said[2]!.includes(digest!) || said[5]!.includes(digest!), 'the digest that was pushed is the one kept');
    assert.ok(said[7]!.includes(digest!), 'the digest that was pulled is the one kept');
  }
});

real('the name says whose repositories are meant', async () => {
  const password = (await berth.command('aws', 'ecr', 'get-login-password')).stdout.trim();
  const credentials = `AWS:${password}`;
  const copy = (to: string) =>
    berth.command(
      ...(['skopeo', 'copy', '--src-creds', credentials, '--dest-creds', credentials] as const),
      ...[`docker://${host}/flask-api:v1`, `docker://${to}/flask-api:v1`],
    );
  const missing = await copy(otherHost);
  assert.match(missing.stderr, /repository with name 'flask-api' does not exist/);
  await berth.aws('ecr', 'create-repository', '--repository-name', 'flask-api', '--region', 'us-east-1');
  assert.equal((await copy(otherHost)).code, 0);
  assert.deepEqual(await digests('us-east-1'), await digests(region));
});

real('clients believe the certificate because they were told to, not because they do not look', async () => {
  const distrust = join(scratch, 'nothing');
  mkdirSync(distrust);
  const inspect = (...options: string[]) =>
    berth.command('skopeo', 'inspect', '--no-creds', ...options, `docker://${host}/flask-api:v1`);
  assert.match((await inspect()).stderr, /unauthorized|authentication required|Not Authorized/i);
  assert.match((await inspect('--cert-dir', distrust)).stderr, /x509: certificate signed by unknown authority/);
});

real('up, status and doctor tell of the names; the plain port does not answer to them', async () => {
  const flags = ['--data', berth.data];
  assert.ok((await berth.command('bin/berth', 'status', ...flags)).stdout.includes(`, ${host}, ${otherHost}\n`));
  const doctor = await berth.command('bin/berth', 'doctor', ...flags, '--port', String(berth.port));
  assert.match(doctor.stdout, new RegExp(`ok +AWS host names +${host}`));
  const proxied = await berth.command('env', 'HTTPS_PROXY=http://proxy:1', 'bin/berth', 'env', ...flags);
  assert.ok(proxied.stdout.includes(`NO_PROXY=127.0.0.1,localhost,${host},${otherHost}\n`), proxied.stdout);
  const socket = connect(berth.port, '127.0.0.1');
  socket.setEncoding('utf8').write(`GET /v2/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [string];
  socket.destroy();
  assert.match(answer, /^HTTP\/1\.1 403 /);
});

real('a second Berth does without the names, and says who keeps it from them', async () => {
  const data = join(scratch, 'second');
  const port = String(await freePort());
  try {
    const up = await berth.command('bin/berth', 'up', '--detach', '--data', data, '--port', port);
    assert.equal(up.code, 0, up.stderr);
    assert.ok(up.stdout.includes(`not served: ${address}:443 is taken. Another Berth may have it`), up.stdout);
    assert.match((await berth.command('bin/berth', 'status', '--data', data)).stdout, /WARNING +AWS's registry names/);
    const doctor = await berth.command('bin/berth', 'doctor', '--data', data, '--port', port);
    assert.match(doctor.stdout, /WRONG +AWS host names +AWS's registry names are not served/);
  } finally {
    await berth.command('bin/berth', 'down', '--data', data);
  }
});

real('a task whose image is not there is told of it by the name that it used', async () => {
  const image = `${host}/flask-api:absent`;
  await berth.aws('ecs', 'create-cluster', '--cluster-name', 'demo');
  const definition = taskDefinition('absent', image, 'true');
  await berth.aws('ecs', 'register-task-definition', '--cli-input-json', definition);
  const { Subnets } = await berth.aws<{ Subnets: { SubnetId: string }[] }>('ec2', 'describe-subnets');
  const network = `awsvpcConfiguration={subnets=[${Subnets[0]!.SubnetId}]}`;
  const place = ['--cluster', 'demo', '--launch-type', 'FARGATE', '--network-configuration', network];
  const started = await berth.aws<{ tasks: { taskArn: string }[] }>(
    ...['ecs', 'run-task', '--task-definition', 'absent', ...place],
  );
  const which = ['--cluster', 'demo', '--tasks', started.tasks[0]!.taskArn];
  await berth.aws('ecs', 'wait', 'tasks-stopped', ...which);
  const { tasks } = await berth.aws<{ tasks: { stoppedReason: string }[] }>('ecs', 'describe-tasks', ...which);
  assert.match(tasks[0]!.stoppedReason, /^CannotPullContainerError: /);
  assert.ok(tasks[0]!.stoppedReason.includes(image), tasks[0]!.stoppedReason);
  assert.ok(!tasks[0]!.stoppedReason.includes('localhost'), tasks[0]!.stoppedReason);
});

real('a certificate that ends soon is renewed', () => {
  const [certificate, key] = [join(names, 'certificate.pem'), join(names, 'key.pem')];
  const subject = ['-subj', '/CN=old', '-addext', `subjectAltName=DNS:${host},DNS:${otherHost},IP:${address}`];
  execFileSync('openssl', ['req', '-x509', '-key', key, '-days', '59', ...subject, '-out', certificate]);
  const old = readFileSync(certificate, 'utf8');
  assert.match(setUp('--aws-hostnames'), /making a certificate/);
  const fresh = readFileSync(certificate, 'utf8');
  assert.notEqual(fresh, old);
  for (const each of [host, otherHost]) {
    assert.equal(readFileSync(join('/etc/docker/certs.d', each, 'berth.crt'), 'utf8'), fresh);
  }
});

real('what is not a name, or is somebody else’s, is refused and changes nothing', () => {
  const before = readFileSync('/etc/hosts', 'utf8');
  assert.throws(() => setUp('--aws-hostnames', 'us-east-1'), /takes account\.region/);
  assert.throws(() => setUp('--aws-hostnames', `${account}.${region}`, 'more'), /usage: /);
  const elsewhere = { ...process.env, BERTH_AWS_HOSTNAMES: join(scratch, 'elsewhere') };
  const options = { env: elsewhere, stdio: 'pipe' } as const;
  assert.throws(
    () => execFileSync(script, ['--aws-hostnames', `${account}.${region}`], options),
    new RegExp(`gives ${host} another address already`),
  );
  assert.equal(existsSync(join(scratch, 'elsewhere')), false);
  assert.equal(readFileSync('/etc/hosts', 'utf8'), before);
});

real('taken back, nothing of it is left', () => {
  assert.match(setUp('--no-aws-hostnames'), new RegExp(host));
  assert.equal(readFileSync('/etc/hosts', 'utf8'), hosts);
  assert.deepEqual(trustedHosts(), trusted);
  assert.equal(existsSync(names), false);
  assert.match(setUp('--no-aws-hostnames'), /^setup: nothing to do/);
});
