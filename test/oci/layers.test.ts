// The API's layer and image operations beside the registry: what goes in by one comes out by the other.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { manifestType, pushBlob, pushImage, sha256, startRegistry, type RegistryServer } from './registry-server.ts';

const repositoryName = 'app';
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';
const configType = 'application/vnd.oci.image.config.v1+json';
const at = { registryId: '123456789012', repositoryName };

async function start(t: TestContext): Promise<RegistryServer> {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName });
  return server;
}

/** Uploads a layer in parts of `step` bytes; gives its descriptor. */
async function upload(server: RegistryServer, content: string, step = 10): Promise<{ digest: string; size: number }> {
  const { uploadId } = await server.call('InitiateLayerUpload', { repositoryName });
  for (let first = 0; first < content.length; first += step) {
    const layerPartBlob = Buffer.from(content.slice(first, first + step));
    const part = { partFirstByte: first, partLastByte: first + layerPartBlob.length - 1, layerPartBlob };
    const reply = await server.call('UploadLayerPart', { repositoryName, uploadId, ...part });
    assert.deepEqual(reply, { ...at, uploadId, lastByteReceived: part.partLastByte });
  }
  const digest = sha256(content);
  const done = await server.call('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [digest] });
  assert.deepEqual(done, { ...at, uploadId, layerDigest: digest });
  return { digest, size: content.length };
}

function manifestOf(config: object, layer: object): string {
  const layers = [{ mediaType: layerType, ...layer }];
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: configType, ...config },
    layers,
  });
}

test('an image goes in by the API and comes out of the registry, and the other way round', async (t) => {
  const server = await start(t);
  const config = await upload(server, '{"architecture":"amd64","os":"linux"}');
  const layer = await upload(server, 'l'.repeat(1000), 300);
  const imageManifest = manifestOf(config, layer);
  const { image } = await server.call('PutImage', { repositoryName, imageManifest, imageTag: 'v1' });
  assert.deepEqual(image, {
    ...at,
    imageId: { imageDigest: sha256(imageManifest), imageTag: 'v1' },
    imageManifest,
    imageManifestMediaType: manifestType,
  });
  assert.equal(await (await server.ask('GET', '/v2/app/manifests/v1')).text(), imageManifest);
  assert.equal(await (await server.ask('GET', `/v2/app/blobs/${layer.digest}`)).text(), 'l'.repeat(1000));

  const pushed = await pushImage(server, 'app', 'v2', 'pushed by a client');
  const got = await server.call('BatchGetImage', { repositoryName, imageIds: [{ imageTag: 'v2' }] });
  assert.equal(got.images?.[0]?.imageManifest, pushed.text);
  const { downloadUrl } = await server.call('GetDownloadUrlForLayer', { repositoryName, layerDigest: pushed.layer });
  assert.equal(await (await fetch(downloadUrl!)).text(), 'pushed by a client');
});

test('an upload is the same one for the API and the registry, and its own repository’s', async (t) => {
  const server = await start(t);
  await server.call('CreateRepository', { repositoryName: 'other' });
  const { uploadId, partSize } = await server.call('InitiateLayerUpload', { repositoryName });
  assert.match(uploadId!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(partSize, 10_485_760);
  const part = { partFirstByte: 0, partLastByte: 2, layerPartBlob: Buffer.from('abc') };
  await server.call('UploadLayerPart', { repositoryName, uploadId, ...part });
  const path = `/v2/app/blobs/uploads/${uploadId}`;
  assert.equal((await server.ask('GET', path)).headers.get('range'), '0-2');
  assert.equal((await server.ask('GET', path.replace('/app/', '/other/'))).status, 404);
  await assert.rejects(server.call('UploadLayerPart', { repositoryName: 'other', uploadId, ...part }), {
    code: 'UploadNotFoundException',
    message: `The upload with id '${uploadId}' could not be found in the repository with name 'other' in the registry with id '123456789012'`,
  });
  assert.equal((await server.ask('PUT', `${path}?digest=${sha256('abcdef')}`, { body: 'def' })).status, 201);
  await assert.rejects(
    server.call('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [sha256('abc')] }),
    {
      code: 'UploadNotFoundException',
    },
  );
});

test('parts that do not fit are refused, and tell what was received', async (t) => {
  const server = await start(t);
  const { uploadId } = await server.call('InitiateLayerUpload', { repositoryName });
  const send = (partFirstByte: number, partLastByte: number, text: string) =>
    server.call('UploadLayerPart', {
      repositoryName,
      uploadId,
      partFirstByte,
      partLastByte,
      layerPartBlob: Buffer.from(text),
    });
  const code = 'InvalidLayerPartException';
  await assert.rejects(send(3, 5, 'abc'), { code, members: { ...at, uploadId } });
  await send(0, 2, 'abc');
  await assert.rejects(send(0, 2, 'abc'), { code, members: { ...at, uploadId, lastValidByteReceived: 2 } });
  await assert.rejects(send(3, 9, 'abc'), { code, message: /3 bytes were sent as the bytes 3 to 9/ });
  await assert.rejects(send(3, 2, ''), { code });
  const large = Buffer.alloc(20_971_521);
  await assert.rejects(
    server.call('UploadLayerPart', {
      repositoryName,
      uploadId,
      partFirstByte: 3,
      partLastByte: large.length + 2,
      layerPartBlob: large,
    }),
    { code: 'InvalidParameterException', message: /layerPartBlob.*less than or equal to 20971520/ },
  );
  assert.equal((await send(3, 5, 'def')).lastByteReceived, 5);
});

test('an upload ends with the digest of what was sent, once', async (t) => {
  const server = await start(t);
  const complete = (uploadId: string | undefined, ...layerDigests: string[]) =>
    server.call('CompleteLayerUpload', { repositoryName, uploadId, layerDigests });
  const { uploadId } = await server.call('InitiateLayerUpload', { repositoryName });
  await assert.rejects(complete(uploadId, sha256('abc')), { code: 'EmptyUploadException' });
  const part = { partFirstByte: 0, partLastByte: 2, layerPartBlob: Buffer.from('abc') };
  await server.call('UploadLayerPart', { repositoryName, uploadId, ...part });
  await assert.rejects(complete(uploadId, sha256('other')), { code: 'InvalidLayerException' });
  await assert.rejects(complete(uploadId, sha256('abc'), sha256('other')), { code: 'InvalidLayerException' });
  await assert.rejects(complete(uploadId, 'tarsum.v1+sha256:00'), { code: 'InvalidLayerException' });
  await assert.rejects(complete(uploadId), { code: 'InvalidParameterException' });
  await assert.rejects(complete(uploadId, 'nonsense'), { code: 'InvalidParameterException' });
  assert.equal((await complete(uploadId, 'tarsum.v1+sha256:00', sha256('abc'))).layerDigest, sha256('abc'));
  const again = await server.call('InitiateLayerUpload', { repositoryName });
  await server.call('UploadLayerPart', { repositoryName, uploadId: again.uploadId, ...part });
  await assert.rejects(complete(again.uploadId, sha256('abc')), {
    code: 'LayerAlreadyExistsException',
    message: `The layer with digest '${sha256('abc')}' already exists in the repository with name 'app' in the registry with id '123456789012'`,
  });
});

test('layers are there, archived, or not', async (t) => {
  const server = await start(t);
  const image = await pushImage(server, 'app', 'v1', 'in use');
  const loose = await pushBlob(server, 'app', 'in no image');
  const check = (...layerDigests: string[]) =>
    server.call('BatchCheckLayerAvailability', { repositoryName, layerDigests });
  const reply = await check(image.layer, image.config, loose.digest, sha256('none'), 'nonsense', '');
  const availability = { layerAvailability: 'AVAILABLE' };
  assert.deepEqual(reply.layers, [
    { layerDigest: image.layer, layerSize: 6, ...availability, mediaType: layerType },
    {
      layerDigest: image.config,
      layerSize: reply.layers?.[1]?.layerSize,
      ...availability,
      mediaType: configType,
    },
    { layerDigest: loose.digest, layerSize: 11, ...availability },
    { layerDigest: sha256('none'), layerAvailability: 'UNAVAILABLE' },
  ]);
  assert.deepEqual(
    reply.failures?.map(({ layerDigest, failureCode }) => [layerDigest, failureCode]),
    [
      ['nonsense', 'InvalidLayerDigest'],
      ['', 'MissingLayerDigest'],
    ],
  );
  const imageId = { imageTag: 'v1' };
  await server.call('UpdateImageStorageClass', { repositoryName, imageId, targetStorageClass: 'ARCHIVE' });
  assert.equal((await check(image.layer)).layers?.[0]?.layerAvailability, 'ARCHIVED');
  assert.equal((await server.ask('GET', '/v2/app/manifests/v1')).status, 404);
  const { failures } = await server.call('BatchGetImage', { repositoryName, imageIds: [imageId] });
  assert.equal(failures?.[0]?.failureCode, 'ImageInaccessible');
  // "The image can be restored … by re-pushing the image to the repository."
  await server.call('PutImage', { repositoryName, imageManifest: image.text, imageTag: 'v1' });
  assert.equal((await server.ask('GET', '/v2/app/manifests/v1')).status, 200);
});

test('a download URL gives one layer, to anybody, for an hour', async (t) => {
  const server = await start(t);
  const region = 'eu-west-1';
  await server.call('CreateRepository', { repositoryName }, { account: '123456789012', region });
  for (const path of ['app', `123456789012.${region}/app`]) await pushImage(server, path, 'v1', '0123456789');
  const layerDigest = sha256('0123456789');
  const urlOf = async (scope?: { account: string; region: string }) =>
    (await server.call('GetDownloadUrlForLayer', { repositoryName, layerDigest }, scope)).downloadUrl!;
  for (const url of [await urlOf(), await urlOf({ account: '123456789012', region })]) {
    assert.equal(await (await fetch(url)).text(), '0123456789');
    assert.equal((await fetch(url, { method: 'HEAD' })).headers.get('content-length'), '10');
    const part = await fetch(url, { headers: { range: 'bytes=2-3' } });
    assert.deepEqual([part.status, await part.text()], [206, '23']);
    // Neither another blob, nor another repository, nor another method, nor a later hour.
    const image = await server.call('BatchGetImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] });
    const { config } = JSON.parse(image.images![0]!.imageManifest!) as { config: { digest: string } };
    assert.equal((await fetch(url.replace(layerDigest, config.digest))).status, 401);
    assert.equal((await fetch(url.replace('/app/', '/other/'))).status, 401);
    assert.equal((await fetch(url, { method: 'DELETE' })).status, 401);
    const later = new URL(url);
    later.searchParams.set('expires', String(Number(later.searchParams.get('expires')) + 1));
    assert.equal((await fetch(later)).status, 401);
  }
  const url = await urlOf();
  server.clock.set(new Date(server.clock.now().getTime() + 3_600_000));
  const expired = await fetch(url);
  assert.equal(expired.status, 403);
  assert.match(await expired.text(), /DENIED.*expired/);
});

test('there is no URL for a layer that is not there, or that no image needs', async (t) => {
  const server = await start(t);
  const { digest } = await pushBlob(server, 'app', 'in no image');
  const urlOf = (layerDigest: string) => server.call('GetDownloadUrlForLayer', { repositoryName, layerDigest });
  await assert.rejects(urlOf(digest), { code: 'LayerInaccessibleException' });
  await assert.rejects(urlOf(sha256('none')), { code: 'LayersNotFoundException' });
  await assert.rejects(urlOf('nonsense'), { code: 'InvalidParameterException' });
});

test('an image that is there as it is put is refused, a new tag for it is not', async (t) => {
  const server = await start(t);
  const { text: imageManifest, digest } = await pushImage(server, 'app', 'v1');
  const put = (imageTag?: string, imageDigest?: string) =>
    server.call('PutImage', { repositoryName, imageManifest, imageTag, imageDigest });
  const code = 'ImageAlreadyExistsException';
  await assert.rejects(put('v1'), {
    code,
    message: `Image with digest '${digest}' and tag 'v1' already exists in the repository with name 'app' in registry with id '123456789012'`,
  });
  await assert.rejects(put(), { code });
  assert.equal((await put('v2', digest)).image?.imageId?.imageTag, 'v2');
  await assert.rejects(put('v3', sha256('other')), { code: 'ImageDigestDoesNotMatchException' });
  for (const refused of [put('.dot'), put('v3', 'nonsense'), put('x'.repeat(129))]) {
    await assert.rejects(refused, { code: 'InvalidParameterException' });
  }
  const { mediaType, ...untyped } = JSON.parse(imageManifest) as Record<string, unknown>;
  const bare = { repositoryName, imageManifest: JSON.stringify(untyped), imageTag: 'bare' };
  await assert.rejects(server.call('PutImage', bare), { code: 'InvalidParameterException' });
  const typed = await server.call('PutImage', { ...bare, imageManifestMediaType: String(mediaType) });
  assert.equal(typed.image?.imageManifestMediaType, manifestType);
  await assert.rejects(server.call('PutImage', { ...bare, imageManifest: 'blah' }), {
    code: 'InvalidParameterException',
  });
  const missing = manifestOf({ digest: sha256('none'), size: 4 }, { digest: sha256('none too'), size: 8 });
  await assert.rejects(server.call('PutImage', { repositoryName, imageManifest: missing }), {
    code: 'LayersNotFoundException',
  });
});

test('only manifests of accepted types are given', async (t) => {
  const server = await start(t);
  await pushImage(server, 'app', 'v1');
  const get = (...acceptedMediaTypes: string[]) =>
    server.call('BatchGetImage', { repositoryName, imageIds: [{ imageTag: 'v1' }], acceptedMediaTypes });
  assert.equal((await get(manifestType, 'application/other')).images?.length, 1);
  const { images, failures } = await get('application/vnd.docker.distribution.manifest.v2+json');
  assert.deepEqual([images?.length, failures?.[0]?.failureCode], [0, 'ImageNotFound']);
});

test('the API lists referrers by type and status, in pages', async (t) => {
  const server = await start(t);
  const image = await pushImage(server, 'app', 'v1');
  const empty = { mediaType: 'application/vnd.oci.empty.v1+json', ...(await pushBlob(server, 'app', '{}')) };
  const subject = { mediaType: manifestType, digest: image.digest, size: image.text.length };
  const attach = async (artifactType: string) => {
    const annotations = { 'org.example.kind': artifactType };
    const artifact = { artifactType, config: empty, layers: [empty], subject, annotations };
    const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, ...artifact });
    await server.call('PutImage', { repositoryName, imageManifest });
    const size = imageManifest.length;
    return { digest: sha256(imageManifest), mediaType: manifestType, size, artifactType, annotations };
  };
  const both = [await attach('application/sbom'), await attach('application/signature')].map((each) => ({
    ...each,
    artifactStatus: 'ACTIVE',
  }));
  const subjectId = { imageDigest: image.digest };
  const list = async (input: object = {}) =>
    server.call('ListImageReferrers', { repositoryName, subjectId, ...input }).then(({ referrers, nextToken }) => ({
      referrers,
      nextToken,
    }));
  const inOrder = both.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
  assert.deepEqual((await list()).referrers, inOrder);
  assert.deepEqual((await list({ filter: { artifactTypes: ['application/sbom'] } })).referrers, [both[0]]);
  const first = await list({ maxResults: 1 });
  assert.deepEqual((await list({ maxResults: 1, nextToken: first.nextToken })).referrers, [inOrder[1]]);
  const imageId = { imageDigest: both[0]!.digest };
  await server.call('UpdateImageStorageClass', { repositoryName, imageId, targetStorageClass: 'ARCHIVE' });
  const archived = { ...both[0], artifactStatus: 'ARCHIVED' };
  assert.deepEqual((await list()).referrers, [both[1]]);
  assert.deepEqual((await list({ filter: { artifactStatus: 'ARCHIVED' } })).referrers, [archived]);
  assert.equal((await list({ filter: { artifactStatus: 'ANY' } })).referrers?.length, 2);
  assert.deepEqual((await list({ subjectId: { imageDigest: sha256('none') } })).referrers, []);
  for (const wrong of [
    { maxResults: 51 },
    { maxResults: 0 },
    { subjectId: { imageDigest: 'x' } },
    { filter: { artifactStatus: 'LOST' } },
    { filter: { artifactTypes: ['a', 'b', 'c', 'd', 'e', 'f'] } },
  ]) {
    await assert.rejects(list(wrong), { code: 'InvalidParameterException' });
  }
});
