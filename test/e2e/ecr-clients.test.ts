// The registry and the clients that people have beside docker: skopeo, boto3 by the API alone, and an artifact pushed as ORAS does.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Berth } from './berth.fixture.ts';
import { pushBusybox } from './busybox-image.fixture.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const emptyType = 'application/vnd.oci.empty.v1+json';
const withoutSkopeo = missing('skopeo', '--version');
const withoutBoto3 = missing('python3', '-c', 'import boto3');

let berth: Berth;
let reference: string;
let password: string;

before(async () => {
  berth = await Berth.start();
  await berth.login();
  for (const name of ['app', 'copies', 'by-api'])
    await berth.aws('ecr', 'create-repository', '--repository-name', name);
  reference = await pushBusybox(berth, 'app');
  password = (await run('aws', 'ecr', 'get-login-password')).trim();
});
after(() => berth.remove());

/** Why a client's test is left out, or false. */
function missing(program: string, ...argv: string[]): string | false {
  return spawnSync(program, argv).status === 0 ? false : `there is no ${program}`;
}

function sha256(content: string | Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function run(program: string, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await berth.command(program, ...argv);
  assert.equal(code, 0, `${program} ${argv.join(' ')}: ${stderr}`);
  return stdout;
}

async function skopeo(...argv: string[]): Promise<string> {
  const [command = '', ...rest] = argv;
  const creds = `AWS:${password}`;
  const flags =
    command === 'copy'
      ? ['--src-tls-verify=false', '--dest-tls-verify=false', '--src-creds', creds, '--dest-creds', creds]
      : ['--tls-verify=false', '--creds', creds];
  return run('skopeo', '--insecure-policy', command, ...flags, ...rest);
}

/** An OCI layout of an index of one image for each architecture, written by hand. */
async function writeLayout(directory: string, architectures: readonly string[]): Promise<string> {
  const blobs = join(directory, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const keep = async (mediaType: string, content: string | Buffer) => {
    const digest = sha256(content);
    await writeFile(join(blobs, digest.slice('sha256:'.length)), content);
    return { mediaType, digest, size: Buffer.byteLength(content) };
  };
  // Compressed, as skopeo would compress it otherwise: then the index would be another one.
  const tar = Buffer.alloc(1024);
  const layer = await keep('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar));
  const manifests = [];
  for (const architecture of architectures) {
    const rootfs = { type: 'layers', diff_ids: [sha256(tar)] };
    const config = await keep(
      'application/vnd.oci.image.config.v1+json',
      JSON.stringify({ architecture, os: 'linux', config: {}, rootfs }),
    );
    const manifest = { schemaVersion: 2, mediaType: manifestType, config, layers: [layer] };
    const kept = await keep(manifestType, JSON.stringify(manifest));
    manifests.push({ ...kept, platform: { architecture, os: 'linux' } });
  }
  const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
  const named = { ...(await keep(indexType, index)), annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  return named.digest;
}

test(
  'skopeo copies images out, in and across repositories, lists, inspects and deletes',
  { skip: withoutSkopeo },
  async () => {
    const docker = `docker://${reference}`;
    const copies = `docker://${berth.registry}/copies`;
    const { Digest, Labels } = JSON.parse(await skopeo('inspect', docker)) as { Digest: string; Labels: unknown };
    assert.match(Digest, /^sha256:/);
    assert.equal(Labels, null);
    const archive = join(berth.data, 'archive.tar');
    await skopeo('copy', docker, `docker-archive:${archive}:app:v1`);
    await skopeo('copy', `docker-archive:${archive}`, `${copies}:from-archive`);
    await skopeo('copy', docker, `${copies}:across`);
    assert.equal((JSON.parse(await skopeo('inspect', `${copies}:across`)) as { Digest: string }).Digest, Digest);
    await skopeo('copy', docker, `oci:${join(berth.data, 'layout')}:v1`);
    await skopeo('copy', '--format', 'oci', `oci:${join(berth.data, 'layout')}:v1`, `${copies}:oci`);
    const { Tags } = JSON.parse(await skopeo('list-tags', copies)) as { Tags: string[] };
    assert.deepEqual(Tags, ['across', 'from-archive', 'oci']);
    await skopeo('delete', `${copies}:from-archive`);
    assert.deepEqual((JSON.parse(await skopeo('list-tags', copies)) as { Tags: string[] }).Tags, ['across', 'oci']);
  },
);

test('skopeo copies an index with all its images in and out', { skip: withoutSkopeo }, async () => {
  const [from, to] = [join(berth.data, 'index-in'), join(berth.data, 'index-out')];
  const digest = await writeLayout(from, ['amd64', 'arm64']);
  const target = `docker://${berth.registry}/copies:index`;
  await skopeo('copy', '--all', `oci:${from}:v1`, target);
  const raw = await skopeo('inspect', '--raw', target);
  assert.equal(sha256(raw), digest);
  await skopeo('copy', '--all', target, `oci:${to}:v1`);
  const copied = JSON.parse(await readFile(join(to, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
  assert.equal(copied.manifests[0]?.digest, digest);
  const { imageDetails } = await berth.aws<{ imageDetails: { imageManifestMediaType: string }[] }>(
    ...['ecr', 'describe-images', '--repository-name', 'copies', '--image-ids', 'imageTag=index'],
  );
  assert.equal(imageDetails[0]?.imageManifestMediaType, indexType);
});

/** Takes the image of `app:v1` by the API alone, and pushes it by the API alone as `by-api:v1`. */
const copyByApi = `
import boto3, hashlib, json, urllib.request
ecr = boto3.client('ecr')
got = ecr.batch_get_image(repositoryName='app', imageIds=[{'imageTag': 'v1'}])['images'][0]
manifest = json.loads(got['imageManifest'])
for each in [manifest['config'], *manifest['layers']]:
    digest = each['digest']
    check = dict(repositoryName='by-api', layerDigests=[digest])
    assert ecr.batch_check_layer_availability(**check)['layers'][0]['layerAvailability'] == 'UNAVAILABLE'
    url = ecr.get_download_url_for_layer(repositoryName='app', layerDigest=digest)['downloadUrl']
    content = urllib.request.urlopen(url).read()
    assert 'sha256:' + hashlib.sha256(content).hexdigest() == digest and len(content) == each['size']
    upload = ecr.initiate_layer_upload(repositoryName='by-api')
    step = 300000
    for first in range(0, len(content), step):
        part = content[first:first + step]
        sent = dict(partFirstByte=first, partLastByte=first + len(part) - 1, layerPartBlob=part)
        ecr.upload_layer_part(repositoryName='by-api', uploadId=upload['uploadId'], **sent)
    try:
        ecr.upload_layer_part(repositoryName='by-api', uploadId=upload['uploadId'], **sent)
        assert False, 'a part twice'
    except ecr.exceptions.InvalidLayerPartException as error:
        assert error.response['lastValidByteReceived'] == len(content) - 1, error.response
    ecr.complete_layer_upload(repositoryName='by-api', uploadId=upload['uploadId'], layerDigests=[digest])
    assert ecr.batch_check_layer_availability(**check)['layers'][0]['layerAvailability'] == 'AVAILABLE'
    try:
        again = ecr.initiate_layer_upload(repositoryName='by-api')['uploadId']
        ecr.upload_layer_part(repositoryName='by-api', uploadId=again, partFirstByte=0, partLastByte=0, layerPartBlob=b'x')
        ecr.complete_layer_upload(repositoryName='by-api', uploadId=again, layerDigests=[digest])
        assert False, 'a layer twice'
    except ecr.exceptions.LayerAlreadyExistsException:
        pass
image = dict(repositoryName='by-api', imageManifest=got['imageManifest'], imageTag='v1')
put = ecr.put_image(imageManifestMediaType=got['imageManifestMediaType'], **image)['image']
assert put['imageId'] == got['imageId'], put
try:
    ecr.put_image(**image)
    assert False, 'an image twice'
except ecr.exceptions.ImageAlreadyExistsException:
    pass
print(put['imageId']['imageDigest'])
`;

test(
  'boto3 pulls what docker pushed and pushes it again by the API alone, and docker runs it',
  { skip: withoutBoto3 },
  async () => {
    const digest = (await run('python3', '-c', copyByApi)).trim();
    await run('docker', 'rmi', '-f', reference);
    const pulled = await run('docker', 'pull', `${berth.registry}/by-api:v1`);
    assert.match(pulled, new RegExp(digest));
    const said = await run(
      'docker',
      'run',
      '--rm',
      '--network',
      'none',
      `${berth.registry}/by-api:v1`,
      'echo by API alone',
    );
    assert.equal(said, 'by API alone\n');
  },
);

test('an artifact is pushed and found as ORAS does, and the API lists it', async () => {
  const { authorizationData } = await berth.aws<{ authorizationData: { authorizationToken: string }[] }>(
    ...['ecr', 'get-authorization-token'],
  );
  const authorization = `Basic ${authorizationData[0]!.authorizationToken}`;
  const ask = (method: string, path: string, options: { body?: string; type?: string } = {}) =>
    fetch(`http://${berth.registry}/v2/app/${path}`, {
      method,
      headers: { authorization, ...(options.type === undefined ? {} : { 'content-type': options.type }) },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
  const push = async (mediaType: string, body: string) => {
    const digest = sha256(body);
    if ((await ask('HEAD', `blobs/${digest}`)).status === 404) {
      const begun = await ask('POST', 'blobs/uploads/');
      const location = new URL(begun.headers.get('location')!, `http://${berth.registry}`);
      location.searchParams.set('digest', digest);
      const type = 'application/octet-stream';
      const ended = await fetch(location, { method: 'PUT', headers: { authorization, 'content-type': type }, body });
      assert.equal(ended.status, 201);
    }
    return { mediaType, digest, size: body.length };
  };
  const head = await ask('HEAD', 'manifests/v1');
  const subject = {
    mediaType: head.headers.get('content-type')!,
    digest: head.headers.get('docker-content-digest')!,
    size: Number(head.headers.get('content-length')),
  };
  const config = await push(emptyType, '{}');
  const layers = [await push('application/spdx+json', '{"spdxVersion":"SPDX-2.3"}')];
  const artifactType = 'application/vnd.example.sbom';
  const annotations = { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' };
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType,
    config,
    layers,
    subject,
    annotations,
  });
  const put = await ask('PUT', `manifests/${sha256(manifest)}`, { body: manifest, type: manifestType });
  assert.equal(put.status, 201);
  assert.equal(put.headers.get('oci-subject'), subject.digest);
  const found = await ask('GET', `referrers/${subject.digest}?artifactType=${encodeURIComponent(artifactType)}`);
  assert.equal(found.headers.get('oci-filters-applied'), 'artifactType');
  const described = {
    mediaType: manifestType,
    digest: sha256(manifest),
    size: manifest.length,
    artifactType,
    annotations,
  };
  assert.deepEqual(((await found.json()) as { manifests: unknown }).manifests, [described]);
  const listed = await berth.aws<{ referrers: unknown[] }>(
    ...['ecr', 'list-image-referrers', '--repository-name', 'app', '--subject-id', `imageDigest=${subject.digest}`],
  );
  assert.deepEqual(listed.referrers, [{ ...described, artifactStatus: 'ACTIVE' }]);
});

test('curl pulls with Basic and Bearer, and waits for its 100-continue', async () => {
  const url = `http://${berth.registry}/v2/app`;
  for (const flags of [
    ['-u', `AWS:${password}`],
    ['-H', `authorization: Bearer ${password}`],
    ['-H', `authorization: Bearer ${btoa(`AWS:${password}`)}`],
  ]) {
    assert.equal(
      await run('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', ...flags, `${url}/manifests/v1`),
      '200',
    );
  }
  const content = join(berth.data, 'content');
  await writeFile(content, 'c'.repeat(100_000));
  const digest = sha256('c'.repeat(100_000));
  const expecting = [
    '-H',
    'expect: 100-continue',
    '-H',
    `authorization: Bearer ${password}`,
    '--data-binary',
    `@${content}`,
  ];
  const said = await run('curl', '-s', '-v', '--stderr', '-', ...expecting, `${url}/blobs/uploads/?digest=${digest}`);
  assert.match(said, /100 Continue[\s\S]*201 Created/);
  const denied = await run('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '-H', 'authorization: Bearer x', url);
  assert.equal(denied, '401');
});
