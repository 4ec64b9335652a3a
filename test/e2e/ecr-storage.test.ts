// Damage on disk: never pulled, reported by `registry check`, healed by the next push; and pushes that a kill interrupts.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';
import { pushBusybox } from './busybox-image.fixture.ts';
import type { Result } from './clients.fixture.ts';

const command = fileURLToPath(new URL('../../bin/berth', import.meta.url));

suite('the registry’s storage', () => {
  let berth: Berth;
  let folder: string;

  before(async () => {
    berth = await Berth.start();
    folder = join(berth.data, 'blobs', '123456789012.us-east-1');
    for (const name of ['app', 'big']) await berth.aws('ecr', 'create-repository', '--repository-name', name);
    await berth.login();
  });
  after(() => berth.remove());

  const check = (): Promise<Result> => berth.command(command, 'registry', 'check', '--data', berth.data);

  test('a damaged layer is never pulled, is reported, and the next push heals it', async () => {
    const reference = await pushBusybox(berth, 'app');
    const docker = async (...argv: string[]): Promise<void> => {
      const { code, stderr } = await berth.command('docker', ...argv);
      assert.equal(code, 0, stderr);
    };
    const saved = join(berth.data, 'saved.tar');
    await docker('save', '-o', saved, reference);
    assert.deepEqual(last(await check()), [0, 'Nothing is damaged or missing.']);
    const digest = flipBit(largest(folder));
    const seen = await check();
    assert.equal(seen.code, 1);
    assert.match(seen.stdout, new RegExp(`DAMAGED {2}${digest}\n {9}layer of 123456789012.us-east-1/app \\(v1\\)`));
    await docker('rmi', '-f', reference);
    const pulled = await berth.command('docker', 'pull', '-q', reference);
    assert.notEqual(pulled.code, 0, 'docker does not get the layer');
    const again = await check();
    assert.equal(again.code, 1);
    assert.match(again.stdout, new RegExp(`MISSING {2}${digest}`));
    const status = (): Promise<Result> => berth.command(command, 'status', '--data', berth.data);
    assert.match((await status()).stdout, /DAMAGED {3}1 of the registry's blobs/);
    await docker('load', '-q', '-i', saved);
    await docker('push', '-q', reference);
    const healed = await check();
    assert.equal(healed.code, 0, healed.stdout);
    assert.match(healed.stdout, new RegExp(`Put aside as damaged .*${digest}`));
    assert.doesNotMatch((await status()).stdout, /DAMAGED/);
    await docker('rmi', '-f', reference);
    await docker('pull', '-q', reference);
  });

  test('a pull that meets the damage first breaks off, and skopeo’s next push heals it', async () => {
    const source = layout(join(berth.data, 'image'), 3_000_000);
    await skopeo(berth, source, 'big:v1');
    const digest = flipBit(largest(folder));
    const target = join(berth.data, 'pulled');
    const pulled = await skopeo(berth, 'big:v1', `dir:${target}`);
    assert.notEqual(pulled.code, 0, 'skopeo does not get the layer');
    assert.match((await check()).stdout, new RegExp(`MISSING {2}${digest}`));
    assert.equal((await skopeo(berth, source, 'big:v1')).code, 0);
    const whole = await skopeo(berth, 'big:v1', `dir:${target}`);
    assert.equal(whole.code, 0, whole.stderr);
    assert.equal((await check()).code, 0);
  });

  test('the check works while Berth does not run, and what it finds is put aside then, too', async () => {
    assert.equal(await berth.end('SIGTERM'), null);
    assert.deepEqual(last(await check()), [0, 'Nothing is damaged or missing.']);
    const digest = flipBit(largest(folder));
    assert.match((await check()).stdout, new RegExp(`DAMAGED {2}${digest}`));
    assert.match((await check()).stdout, new RegExp(`MISSING {2}${digest}`));
    await berth.up();
    assert.equal((await skopeo(berth, layout(join(berth.data, 'image'), 0), 'big:v1')).code, 0);
    assert.equal((await check()).code, 0);
  });

  test('a kill amid a push leaves nothing broken, and the push goes through after it', async () => {
    for (let round = 0; round < 2; round += 1) {
      const source = layout(join(berth.data, `killed-${round}`), 10_000_000);
      const uploads = join(berth.data, 'blobs', 'uploads');
      const known = files(uploads).length;
      const pushing = skopeo(berth, source, `big:k${round}`);
      await until('a layer is on its way', () => files(uploads).length > known);
      await berth.end('SIGKILL');
      await pushing;
      await berth.up();
      assert.equal((await check()).code, 0);
      const pushed = await skopeo(berth, source, `big:k${round}`);
      assert.equal(pushed.code, 0, pushed.stderr);
      assert.equal((await check()).code, 0);
    }
  });
});

/** The exit code and the last line. */
function last({ code, stdout }: Result): [number, string | undefined] {
  return [code, stdout.trimEnd().split('\n').at(-1)];
}

async function skopeo(berth: Berth, from: string, to: string): Promise<Result> {
  const { stdout: password } = await berth.command('aws', 'ecr', 'get-login-password');
  const place = (at: string) => (/^(oci|dir):/.test(at) ? at : `docker://${berth.registry}/${at}`);
  const options = ['--src-tls-verify=false', '--dest-tls-verify=false', '-q'];
  const credentials = `AWS:${password.trim()}`;
  const login = [from, to].flatMap((at, index) => {
    return /^(oci|dir):/.test(at) ? [] : [index === 0 ? '--src-creds' : '--dest-creds', credentials];
  });
  return berth.command('skopeo', 'copy', '--insecure-policy', ...options, ...login, place(from), place(to));
}

/** An OCI image layout with one layer of random bytes; the one that is there already for 0. */
function layout(folder: string, bytes: number): string {
  if (bytes === 0) return `oci:${folder}:latest`;
  rmSync(folder, { recursive: true, force: true });
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const keep = (content: Buffer, mediaType: string) => {
    const hex = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(blobs, hex), content);
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest: `sha256:${hex}`, size: content.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const layer = keep(randomBytes(bytes), 'layer.v1.tar');
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const config = keep(json({ architecture: 'amd64', os: 'linux', config: {}, rootfs }), 'config.v1+json');
  const manifest = keep(json({ schemaVersion: 2, config, layers: [layer] }), 'manifest.v1+json');
  const tag = { 'org.opencontainers.image.ref.name': 'latest' };
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations: tag }] }));
  return `oci:${folder}:latest`;
}

/** The paths of the files under a folder. */
function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function largest(folder: string): string {
  return files(folder).toSorted((a, b) => statSync(b).size - statSync(a).size)[0]!;
}

/** Changes a bit in the midst of a blob's file; gives its digest. */
function flipBit(path: string): string {
  const content = readFileSync(path);
  const at = content.length >> 1;
  content.writeUInt8(content.readUInt8(at) ^ 1, at);
  writeFileSync(path, content);
  return `sha256:${path.split('/').at(-1)}`;
}
