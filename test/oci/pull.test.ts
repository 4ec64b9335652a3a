// Conformance: pulling. OCI distribution spec 1.1, "Pulling manifests", "Pulling blobs", and who may.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  errorCode,
  indexType,
  manifestType,
  pushImage,
  putManifest,
  sha256,
  startRegistry,
} from './registry-server.ts';

const unknown = sha256('nothing has this digest');

test('the base path answers 200 to a caller and challenges anybody else', async (t) => {
  const server = await startRegistry(t);
  assert.equal((await server.ask('GET', '/v2/')).status, 200);
  for (const authorization of ['', 'Basic !!', 'Bearer abc', `Basic ${btoa('AWS:wrong')}`, `Basic ${btoa('root:x')}`]) {
    for (const path of ['/v2/', '/v2/nothing/here']) {
      const refused = await server.ask('GET', path, { authorization });
      assert.equal(refused.status, 401, authorization);
      assert.match(
        refused.headers.get('www-authenticate')!,
        /^Basic realm="http:\/\/[^"]+",service="ecr.amazonaws.com"$/,
      );
      assert.equal(await errorCode(refused), 'UNAUTHORIZED');
    }
  }
});

test('Basic and Bearer both take the token, as a password or as GetAuthorizationToken gives it', async (t) => {
  const server = await startRegistry(t);
  const { authorizationData } = await server.call('GetAuthorizationToken', {});
  const token = authorizationData![0]!.authorizationToken!;
  const [, password] = Buffer.from(token, 'base64').toString().split(':');
  for (const authorization of [`Basic ${token}`, `basic ${token}`, `Bearer ${token}`, `Bearer ${password}`]) {
    assert.equal((await server.ask('GET', '/v2/', { authorization })).status, 200, authorization);
  }
  const wrong = [
    `Basic ${password}`,
    `Bearer ${password}x`,
    `Bearer ${btoa(`root:${password}`)}`,
    `Digest ${token}`,
    token,
  ];
  for (const authorization of wrong) {
    assert.equal((await server.ask('GET', '/v2/', { authorization })).status, 401, authorization);
  }
});

test('a client that knows no indexes gets the image for linux/amd64 by an index’s tag, any other the index', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const images = [await pushImage(server, 'app', 'arm'), await pushImage(server, 'app', 'intel')];
  const manifests = images.map(({ digest, text }, at) => ({
    mediaType: manifestType,
    digest,
    size: text.length,
    platform: { os: 'linux', architecture: ['arm64', 'amd64'][at] },
  }));
  const text = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
  await putManifest(server, 'app', 'v1', text);
  const digestBy = async (accept: string, reference = 'v1') => {
    const reply = await server.ask('HEAD', `/v2/app/manifests/${reference}`, { headers: { accept } });
    assert.equal(reply.headers.get('vary'), 'accept');
    return reply.headers.get('docker-content-digest');
  };
  assert.equal(await digestBy(manifestType), images[1]!.digest);
  for (const accept of [`${manifestType}, ${indexType}`, `${manifestType}, */*`, '*/*', 'text/html']) {
    assert.equal(await digestBy(accept), sha256(text), accept);
  }
  assert.equal(await digestBy(manifestType, sha256(text)), sha256(text));
});

test('an expired token is told apart from a wrong one', async (t) => {
  const server = await startRegistry(t);
  server.clock.set(new Date('2026-01-01T12:00:01Z'));
  const refused = await server.ask('GET', '/v2/');
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /DENIED.*Your authorization token has expired/);
});

test('a manifest is pulled by tag and by digest, whole or its headers alone', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const image = await pushImage(server, 'app', 'v1');
  for (const reference of ['v1', image.digest, encodeURIComponent(image.digest)]) {
    for (const method of ['GET', 'HEAD']) {
      const reply = await server.ask(method, `/v2/app/manifests/${reference}`);
      assert.equal(reply.status, 200);
      assert.equal(reply.headers.get('content-type'), manifestType);
      assert.equal(reply.headers.get('docker-content-digest'), image.digest);
      assert.equal(reply.headers.get('content-length'), String(image.text.length));
      assert.equal(await reply.text(), method === 'GET' ? image.text : '');
    }
  }
});

test('a manifest that says it is a page is no page of this origin', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const body = JSON.stringify({ schemaVersion: 2, manifests: [], note: '<script>alert(1)</script>' });
  const put = await server.ask('PUT', '/v2/app/manifests/v1', { body, headers: { 'content-type': 'text/html' } });
  assert.equal(put.status, 201);
  const reply = await server.ask('GET', '/v2/app/manifests/v1');
  assert.equal(await reply.text(), body);
  assert.equal(reply.headers.get('content-security-policy'), "default-src 'none'; sandbox");
  assert.equal(reply.headers.get('x-content-type-options'), 'nosniff');
});

test('a manifest, blob or repository that is not there answers 404 with its code', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const cases: [string, string][] = [
    ['/v2/app/manifests/v1', 'MANIFEST_UNKNOWN'],
    [`/v2/app/manifests/${unknown}`, 'MANIFEST_UNKNOWN'],
    [`/v2/app/blobs/${unknown}`, 'BLOB_UNKNOWN'],
    ['/v2/nothing/manifests/v1', 'NAME_UNKNOWN'],
    [`/v2/nothing/blobs/${unknown}`, 'NAME_UNKNOWN'],
    ['/v2/nothing/tags/list', 'NAME_UNKNOWN'],
    ['/v2/app/blobs/uploads/never-begun', 'BLOB_UPLOAD_UNKNOWN'],
    ['/v2/_catalog', 'UNSUPPORTED'],
  ];
  for (const [path, code] of cases) {
    const reply = await server.ask('GET', path);
    assert.equal(reply.status, 404, path);
    assert.equal(await errorCode(reply), code, path);
    if (code !== 'BLOB_UPLOAD_UNKNOWN' && !path.endsWith('list'))
      assert.ok([404, 405].includes((await server.ask('HEAD', path)).status));
  }
});

test('malformed digests, tags, paths and methods are refused as what they are', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const cases: [string, string, number, string][] = [
    ['GET', '/v2/app/blobs/sha256:abc', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/app/manifests/sha256:abc', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/app/manifests/.dot', 404, 'MANIFEST_UNKNOWN'],
    ['DELETE', '/v2/app/manifests/.dot', 404, 'MANIFEST_UNKNOWN'],
    ['PUT', '/v2/app/manifests/.dot', 400, 'TAG_INVALID'],
    ['GET', '/v2/app/%zz/v1', 400, 'NAME_INVALID'],
    ['GET', '/v2/APP/manifests/v1', 400, 'NAME_INVALID'],
    ['POST', '/v2/a//b/blobs/uploads/', 400, 'NAME_INVALID'],
    ['DELETE', '/v2/app/blobs/sha256:abc', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/app/referrers/v1', 400, 'DIGEST_INVALID'],
    ['POST', '/v2/app/manifests/v1', 405, 'UNSUPPORTED'],
    ['PUT', '/v2/', 405, 'UNSUPPORTED'],
  ];
  for (const [method, path, status, code] of cases) {
    const reply = await server.ask(method, path);
    assert.equal(reply.status, status, path);
    assert.equal(await errorCode(reply), code, path);
  }
});

test('a blob is pulled whole, by its headers, and in ranges', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const { layer } = await pushImage(server, 'app', 'v1', '0123456789');
  const path = `/v2/app/blobs/${layer}`;
  const whole = await server.ask('GET', path);
  assert.equal(whole.status, 200);
  assert.equal(whole.headers.get('docker-content-digest'), layer);
  assert.equal(await whole.text(), '0123456789');
  const head = await server.ask('HEAD', path);
  assert.equal(head.headers.get('content-length'), '10');
  const ranges: [string, number, string, string | null][] = [
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=nonsense', 200, '0123456789', null],
  ];
  for (const [range, status, body, contentRange] of ranges) {
    const reply = await server.ask('GET', path, { headers: { range } });
    assert.equal(reply.status, status);
    assert.equal(reply.headers.get('content-range'), contentRange);
    assert.equal(await reply.text(), body);
  }
  const beyond = await server.ask('GET', path, { headers: { range: 'bytes=10-' } });
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers.get('content-range'), 'bytes */10');
});

test('another account, region and repository see nothing of it', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  await server.call('CreateRepository', { repositoryName: 'other' });
  await server.call('CreateRepository', { repositoryName: 'app' }, { account: '123456789012', region: 'eu-west-1' });
  const { layer } = await pushImage(server, 'app', 'v1');
  assert.equal((await server.ask('GET', '/v2/123456789012.us-east-1/app/manifests/v1')).status, 200);
  assert.equal((await server.ask('GET', '/v2/123456789012.eu-west-1/app/manifests/v1')).status, 404);
  assert.equal((await server.ask('GET', `/v2/123456789012.eu-west-1/app/blobs/${layer}`)).status, 404);
  assert.equal((await server.ask('GET', `/v2/other/blobs/${layer}`)).status, 404);
  const authorization = await server.authorization('210987654321');
  for (const path of ['/v2/app/manifests/v1', `/v2/app/blobs/${layer}`, '/v2/app/tags/list']) {
    const refused = await server.ask('GET', path, { authorization });
    assert.equal(refused.status, 403);
    assert.match(await refused.text(), /DENIED.*arn:aws:iam::210987654321:root is not authorized to perform: ecr:/);
  }
});

test('the authorizer decides by ecr’s actions', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const { layer } = await pushImage(server, 'app', 'v1');
  const requests: [string, string, string][] = [
    ['ecr:BatchGetImage', 'GET', '/v2/app/manifests/v1'],
    ['ecr:GetDownloadUrlForLayer', 'GET', `/v2/app/blobs/${layer}`],
    ['ecr:BatchCheckLayerAvailability', 'HEAD', `/v2/app/blobs/${layer}`],
    ['ecr:ListImages', 'GET', '/v2/app/tags/list'],
    ['ecr:InitiateLayerUpload', 'POST', '/v2/app/blobs/uploads/'],
    ['ecr:PutImage', 'PUT', '/v2/app/manifests/v2'],
    ['ecr:BatchDeleteImage', 'DELETE', '/v2/app/manifests/v1'],
  ];
  for (const [action, method, path] of requests) {
    server.authorizer.denied.add(action);
    assert.equal((await server.ask(method, path)).status, 403, action);
    server.authorizer.denied.delete(action);
    assert.notEqual((await server.ask(method, path)).status, 403, action);
  }
  server.authorizer.revoked.add('123456789012');
  assert.equal((await server.ask('GET', '/v2/')).status, 401);
});

test('a pull password pulls from its registry and does nothing else', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const { layer } = await pushImage(server, 'app', 'v1');
  const header = async (region: string) => {
    const account = '123456789012';
    const pull = { scope: { account, region }, repositoryName: 'app', account };
    const { username, password } = await server.ecr.images.pullCredentials(pull);
    return `Basic ${btoa(`${username}:${password}`)}`;
  };
  const authorization = await header('us-east-1');
  assert.equal((await server.ask('GET', '/v2/app/manifests/v1', { authorization })).status, 200);
  assert.equal((await server.ask('GET', `/v2/app/blobs/${layer}`, { authorization })).status, 200);
  assert.equal((await server.ask('POST', '/v2/app/blobs/uploads/', { authorization })).status, 403);
  assert.equal((await server.ask('DELETE', '/v2/app/manifests/v1', { authorization })).status, 403);
  assert.equal(
    (await server.ask('GET', '/v2/app/manifests/v1', { authorization: await header('eu-west-1') })).status,
    403,
  );
});
