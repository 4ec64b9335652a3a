// Conformance: pushing. OCI distribution spec 1.1, "Pushing blobs", "Mounting a blob from another repository", "Pushing Manifests".
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { until } from '#kernel/until.fixture.ts';
import {
  errorCode,
  indexType,
  manifestType,
  pushBlob,
  pushImage,
  putManifest,
  sha256,
  startRegistry,
  uploadBytes,
  type RegistryServer,
} from './registry-server.ts';

const content = 'abcdefghijklmnopqrstuvwxyz';
const digest = sha256(content);

async function startWithRepository(t: Parameters<typeof startRegistry>[0]): Promise<RegistryServer> {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  return server;
}

async function begin(server: RegistryServer): Promise<string> {
  const begun = await server.ask('POST', '/v2/app/blobs/uploads/');
  assert.equal(begun.status, 202);
  return begun.headers.get('location')!;
}

async function pulled(server: RegistryServer, blob = digest, repository = 'app'): Promise<string | number> {
  const reply = await server.ask('GET', `/v2/${repository}/blobs/${blob}`);
  return reply.status === 200 ? reply.text() : reply.status;
}

test('a blob is pushed in one request', async (t) => {
  const server = await startWithRepository(t);
  const reply = await server.ask('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body: content });
  assert.equal(reply.status, 201);
  assert.equal(reply.headers.get('location'), `/v2/app/blobs/${digest}`);
  assert.equal(await pulled(server), content);
});

test('a blob is pushed by POST and PUT', async (t) => {
  const server = await startWithRepository(t);
  const reply = await server.ask('PUT', `${await begin(server)}?digest=${digest}`, { body: content });
  assert.equal(reply.status, 201);
  assert.equal(reply.headers.get('docker-content-digest'), digest);
  assert.equal(await pulled(server), content);
});

test('a blob is pushed in chunks, which must come in order', async (t) => {
  const server = await startWithRepository(t);
  let location = await begin(server);
  const chunk = (from: number, to: number) => ({
    body: content.slice(from, to + 1),
    headers: { 'content-range': `${from}-${to}`, 'content-type': 'application/octet-stream' },
  });
  const early = await server.ask('PATCH', location, chunk(10, 19));
  assert.equal(early.status, 416);
  assert.equal(early.headers.get('range'), '0-0');
  const first = await server.ask('PATCH', location, chunk(0, 9));
  assert.equal(first.status, 202);
  assert.equal(first.headers.get('range'), '0-9');
  location = first.headers.get('location')!;
  const status = await server.ask('GET', location);
  assert.equal(status.status, 204);
  assert.equal(status.headers.get('range'), '0-9');
  const again = await server.ask('PATCH', location, chunk(0, 9));
  assert.equal(again.status, 416);
  assert.equal(again.headers.get('range'), '0-9');
  assert.equal((await server.ask('PATCH', location, chunk(10, 19))).status, 202);
  assert.equal((await server.ask('PUT', `${location}?digest=${digest}`, chunk(20, 25))).status, 201);
  assert.equal(await pulled(server), content);
  assert.equal((await server.ask('GET', location)).status, 404);
});

test('a chunk whose headers contradict each other is refused', async (t) => {
  const server = await startWithRepository(t);
  const location = await begin(server);
  for (const range of ['nonsense', '0-99', '9-0']) {
    const reply = await server.ask('PATCH', location, { body: content, headers: { 'content-range': range } });
    assert.equal(reply.status, 400, range);
    assert.equal(await errorCode(reply), 'SIZE_INVALID');
  }
  assert.equal((await server.ask('PUT', `${location}?digest=${digest}`, { body: content })).status, 201);
});

test('a blob of another digest is refused and stays invisible; the session may still be completed', async (t) => {
  const server = await startWithRepository(t);
  const location = await begin(server);
  const other = sha256('something else');
  for (const wrong of [other, 'sha256:short', 'md5:00', '']) {
    const reply = await server.ask('PUT', `${location}?digest=${wrong}`, { body: wrong === other ? content : '' });
    assert.equal(reply.status, 400, wrong);
    assert.equal(await errorCode(reply), 'DIGEST_INVALID');
  }
  assert.equal(await pulled(server, other), 404);
  assert.equal((await server.ask('PUT', `${location}?digest=${digest}`)).status, 201);
  const single = await server.ask('POST', `/v2/app/blobs/uploads/?digest=${other}`, { body: content });
  assert.equal(await errorCode(single), 'DIGEST_INVALID');
});

test('an empty blob is a blob', async (t) => {
  const server = await startWithRepository(t);
  assert.equal((await server.ask('PUT', `${await begin(server)}?digest=${sha256('')}`)).status, 201);
  assert.equal(await pulled(server, sha256('')), '');
});

test('a session is given up by DELETE', async (t) => {
  const server = await startWithRepository(t);
  const location = await begin(server);
  assert.equal((await server.ask('DELETE', location)).status, 204);
  for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
    const query = method === 'PUT' ? `?digest=${digest}` : '';
    const reply = await server.ask(method, `${location}${query}`, method === 'GET' ? {} : { body: content });
    assert.equal(reply.status, 404, method);
    assert.equal(await errorCode(reply), 'BLOB_UPLOAD_UNKNOWN');
  }
});

test('a session belongs to its repository', async (t) => {
  const server = await startWithRepository(t);
  await server.call('CreateRepository', { repositoryName: 'other' });
  const location = await begin(server);
  assert.equal((await server.ask('GET', location.replace('/app/', '/other/'))).status, 404);
  assert.equal((await server.ask('GET', location.slice(0, -1))).status, 404);
  assert.equal((await server.ask('GET', location)).status, 204);
});

test('an upload that the client breaks off is kept, also over a restart, and resumed', async (t) => {
  let server = await startWithRepository(t);
  const location = await begin(server);
  const authorization = await server.authorization();
  const [host, port] = server.endpoint.split(':');
  const headers = { authorization, 'content-length': '26' };
  const broken = request({ host, port, path: location, method: 'PATCH', headers });
  broken.on('error', () => {});
  broken.write(content.slice(0, 10));
  const reached = async () => (await server.ask('GET', location)).headers.get('range');
  await until('the first bytes', async () => (await reached()) === '0-9');
  const closed = new Promise((resolve) => broken.on('close', resolve));
  broken.destroy();
  await closed;
  assert.equal(await pulled(server), 404);
  server = await server.restart();
  assert.equal(await reached(), '0-9');
  const rest = { body: content.slice(10), headers: { 'content-range': '10-25' } };
  assert.equal((await server.ask('PATCH', location, rest)).status, 202);
  assert.equal((await server.ask('PUT', `${location}?digest=${digest}`)).status, 201);
  assert.equal(await pulled(server), content);
});

test('a single request that the client breaks off leaves nothing', async (t) => {
  const server = await startWithRepository(t);
  const [host, port] = server.endpoint.split(':');
  const headers = { authorization: await server.authorization(), 'content-length': '26' };
  const path = `/v2/app/blobs/uploads/?digest=${digest}`;
  const broken = request({ host, port, path, method: 'POST', headers });
  broken.on('error', () => {});
  broken.write(content.slice(0, 10));
  await until('the first bytes', async () => (await uploadBytes(server)) >= 10);
  broken.destroy();
  await until('the upload to be gone', async () => (await uploadBytes(server)) < 10);
  assert.equal(await pulled(server), 404);
});

test('a client that leaves in the middle of a pull does no harm', async (t) => {
  const server = await startWithRepository(t);
  const large = Buffer.alloc(8 * 1024 * 1024, 'x');
  const blob = await pushBlob(server, 'app', large);
  for (let round = 0; round < 3; round += 1) {
    const abort = new AbortController();
    const reply = await fetch(`http://${server.endpoint}/v2/app/blobs/${blob.digest}`, {
      headers: { authorization: await server.authorization() },
      signal: abort.signal,
    });
    await reply.body!.getReader().read();
    abort.abort();
  }
  const whole = await server.ask('GET', `/v2/app/blobs/${blob.digest}`);
  assert.equal((await whole.bytes()).length, large.length);
});

test('a blob of several megabytes arrives as it was sent', async (t) => {
  const server = await startWithRepository(t);
  const large = Buffer.from(Array.from({ length: 3_000_001 }, (_, at) => (at * 31) % 251));
  const blob = await pushBlob(server, 'app', large);
  assert.equal(sha256(await (await server.ask('GET', `/v2/app/blobs/${blob.digest}`)).bytes()), blob.digest);
});

test('a blob is mounted from a repository that has it, and uploaded otherwise', async (t) => {
  const server = await startWithRepository(t);
  await server.call('CreateRepository', { repositoryName: 'other' });
  await pushBlob(server, 'app', content);
  const mounted = await server.ask('POST', `/v2/other/blobs/uploads/?mount=${digest}&from=app`);
  assert.equal(mounted.status, 201);
  assert.equal(mounted.headers.get('location'), `/v2/other/blobs/${digest}`);
  assert.equal(await pulled(server, digest, 'other'), content);
  for (const query of [
    `mount=${sha256('no')}&from=app`,
    `mount=${digest}&from=nothing`,
    `mount=${sha256('no')}`,
    'mount=x&from=app',
  ]) {
    const reply = await server.ask('POST', `/v2/other/blobs/uploads/?${query}`);
    assert.equal(reply.status, 202, query);
    assert.match(reply.headers.get('location')!, /^\/v2\/other\/blobs\/uploads\//);
  }
});

test('nothing is mounted from where the caller may not read', async (t) => {
  const server = await startWithRepository(t);
  await pushBlob(server, 'app', content);
  const scope = { account: '210987654321', region: 'us-east-1' };
  await server.call('CreateRepository', { repositoryName: 'mine' }, scope);
  const authorization = await server.authorization(scope.account);
  const path = `/v2/210987654321.us-east-1/mine/blobs/uploads/?mount=${digest}&from=app`;
  assert.equal((await server.ask('POST', path, { authorization })).status, 202);
});

test('a manifest is pushed by tag and by digest', async (t) => {
  const server = await startWithRepository(t);
  const image = await pushImage(server, 'app', 'v1');
  const byDigest = await putManifest(server, 'app', image.digest, image.text);
  assert.equal(byDigest.status, 201);
  assert.equal(byDigest.headers.get('location'), `/v2/app/manifests/${image.digest}`);
  assert.equal(byDigest.headers.get('docker-content-digest'), image.digest);
  const wrong = await putManifest(server, 'app', sha256('other'), image.text);
  assert.equal(wrong.status, 400);
  assert.equal(await errorCode(wrong), 'DIGEST_INVALID');
});

test('a manifest that is put by its digest gets every tag of the query with it, or none', async (t) => {
  const server = await startRegistry(t);
  const filters = [{ filterType: 'WILDCARD' as const, filter: 'v*' }];
  await server.call('CreateRepository', {
    repositoryName: 'app',
    imageTagMutability: 'MUTABLE_WITH_EXCLUSION',
    imageTagMutabilityExclusionFilters: filters,
  });
  const first = await pushImage(server, 'app', 'v1', 'one');
  const { text } = await pushImage(server, 'app', 'latest', 'two');
  const put = (query: string, manifest: string) =>
    putManifest(server, 'app', `sha512:${createHash('sha512').update(manifest).digest('hex')}${query}`, manifest);
  const tagged = await put('?tag=v2&tag=latest&tag=v2', text);
  assert.equal(tagged.status, 201);
  assert.equal(tagged.headers.get('oci-tag'), 'v2, latest');
  const head = await server.ask('HEAD', '/v2/app/manifests/latest');
  assert.match(head.headers.get('docker-content-digest')!, /^sha512:/);
  assert.equal(await errorCode(await put('?tag=v3&tag=.dot', first.text)), 'TAG_INVALID');
  assert.equal(await errorCode(await put('?tag=v3&tag=v2', first.text)), 'TAG_INVALID');
  const tags = await (await server.ask('GET', '/v2/app/tags/list')).json();
  assert.deepEqual(tags, { name: 'app', tags: ['latest', 'v1', 'v2'] });
});

test('a manifest may have a sha512 digest, as may a blob', async (t) => {
  const server = await startWithRepository(t);
  const sha512 = (text: string) => `sha512:${createHash('sha512').update(text).digest('hex')}`;
  const pushed = await server.ask('POST', `/v2/app/blobs/uploads/?digest=${sha512(content)}`, { body: content });
  assert.equal(pushed.status, 201);
  assert.equal(await pulled(server, sha512(content)), content);
  const { text } = await pushImage(server, 'app', 'v1');
  assert.equal((await putManifest(server, 'app', sha512(text), text)).status, 201);
  assert.equal(await (await server.ask('GET', `/v2/app/manifests/${sha512(text)}`)).text(), text);
});

test('a manifest whose blobs or manifests are missing is refused, also in an index', async (t) => {
  const server = await startWithRepository(t);
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256('none'), size: 4 };
  const missing = await putManifest(server, 'app', 'v1', {
    schemaVersion: 2,
    mediaType: manifestType,
    config,
    layers: [],
  });
  assert.equal(missing.status, 404);
  assert.equal(await errorCode(missing), 'MANIFEST_BLOB_UNKNOWN');
  const manifests = [{ mediaType: manifestType, digest: sha256('none'), size: 4 }];
  const index = await putManifest(server, 'app', 'v1', { schemaVersion: 2, mediaType: indexType, manifests });
  assert.equal(await errorCode(index), 'MANIFEST_BLOB_UNKNOWN');
  assert.equal((await server.ask('GET', '/v2/app/manifests/v1')).status, 404);
});

test('an index of two images is pushed, pulled, and keeps them', async (t) => {
  const server = await startWithRepository(t);
  const images = [await pushImage(server, 'app', 'amd64'), await pushImage(server, 'app', 'arm64')];
  const manifests = images.map(({ digest: each, text }) => ({
    mediaType: manifestType,
    digest: each,
    size: text.length,
  }));
  const pushed = await putManifest(server, 'app', 'v1', { schemaVersion: 2, mediaType: indexType, manifests });
  assert.equal(pushed.status, 201);
  const reply = await server.ask('GET', '/v2/app/manifests/v1');
  assert.equal(reply.headers.get('content-type'), indexType);
  const refused = await server.ask('DELETE', `/v2/app/manifests/${images[0]!.digest}`);
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /DENIED.*Requested image referenced by manifest list/);
});

test('any media type is kept as it came, what is no manifest is refused', async (t) => {
  const server = await startWithRepository(t);
  const put = (body: string, type: string) =>
    server.ask('PUT', '/v2/app/manifests/custom', { body, headers: { 'content-type': type } });
  assert.equal((await put('{"hello":"world"}', 'application/vnd.example.thing+json')).status, 201);
  const reply = await server.ask('GET', '/v2/app/manifests/custom');
  assert.equal(reply.headers.get('content-type'), 'application/vnd.example.thing+json');
  for (const body of ['', 'blah', '[]', '{"schemaVersion":1}', '{"mediaType":"application/other"}']) {
    const refused = await put(body, manifestType);
    assert.equal(refused.status, 400, body);
    assert.equal(await errorCode(refused), 'MANIFEST_INVALID');
  }
});

test('a manifest of more than 4 MiB is refused, and the connection serves on', async (t) => {
  const server = await startWithRepository(t);
  const large = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, padding: 'x'.repeat(9 * 1024 * 1024) });
  for (let round = 0; round < 2; round += 1) {
    const reply = await putManifest(server, 'app', 'v1', large);
    assert.equal(reply.status, 413);
    assert.equal(await errorCode(reply), 'MANIFEST_INVALID');
  }
  const fits = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    padding: 'x'.repeat(4 * 1024 * 1024 - 200),
  });
  assert.equal((await putManifest(server, 'app', 'v1', fits)).status, 201);
});

test('a client that goes on sending after a refusal loses the connection', async (t) => {
  const server = await startWithRepository(t);
  const [host, port] = server.endpoint.split(':');
  const socket = connect(Number(port), host!);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('error', () => {});
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  const path = '/v2/app/blobs/uploads/none';
  socket.write(`PATCH ${path} HTTP/1.1\r\nhost: ${server.endpoint}\r\ncontent-length: ${2 ** 40}\r\n\r\n`);
  const block = Buffer.alloc(1024 * 1024);
  const pump = () => {
    while (!socket.destroyed && socket.write(block)) continue;
  };
  socket.on('drain', pump);
  pump();
  await closed;
  assert.match(received, /^HTTP\/1.1 401 /);
  const mebibytes = socket.bytesWritten / block.length;
  assert.ok(mebibytes > 15 && mebibytes < 64, `${mebibytes} MiB were sent`);
});

test('an immutable tag stays with its image; pushing the same image again changes nothing', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app', imageTagMutability: 'IMMUTABLE' });
  const first = await pushImage(server, 'app', 'v1');
  const other = await pushImage(server, 'app', 'v2');
  const refused = await putManifest(server, 'app', 'v1', other.text);
  assert.equal(refused.status, 400);
  assert.match(
    await refused.text(),
    /TAG_INVALID.*The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable/,
  );
  assert.equal((await putManifest(server, 'app', 'v1', first.text)).status, 201);
  assert.equal((await server.ask('HEAD', '/v2/app/manifests/v1')).headers.get('docker-content-digest'), first.digest);
});

test('a mutable tag moves, and its former image stays without it', async (t) => {
  const server = await startWithRepository(t);
  const first = await pushImage(server, 'app', 'v1', 'one');
  const second = await pushImage(server, 'app', 'v1', 'two');
  assert.equal((await server.ask('HEAD', '/v2/app/manifests/v1')).headers.get('docker-content-digest'), second.digest);
  assert.equal((await server.ask('HEAD', `/v2/app/manifests/${first.digest}`)).status, 200);
});

test('nothing is pushed to a repository that is not there', async (t) => {
  const server = await startRegistry(t);
  const begun = await server.ask('POST', '/v2/nothing/blobs/uploads/');
  assert.equal(begun.status, 404);
  assert.match(
    await begun.text(),
    /NAME_UNKNOWN.*The repository with name 'nothing' does not exist in the registry with id '123456789012'/,
  );
  assert.equal(await errorCode(await putManifest(server, 'nothing', 'v1', { schemaVersion: 2 })), 'NAME_UNKNOWN');
});

test('a push brings its repository about where a creation template says so, and nowhere else', async (t) => {
  const server = await startRegistry(t);
  const template = {
    prefix: 'team',
    appliedFor: ['CREATE_ON_PUSH' as const],
    imageTagMutability: 'IMMUTABLE' as const,
  };
  await server.call('CreateRepositoryCreationTemplate', template);
  // A client looks first whether the blob is there already.
  assert.equal((await server.ask('HEAD', `/v2/team/api/blobs/${digest}`)).status, 404);
  await pushImage(server, 'team/api', 'v1');
  const { repositories } = await server.call('DescribeRepositories', { repositoryNames: ['team/api'] });
  assert.equal(repositories?.[0]?.imageTagMutability, 'IMMUTABLE');
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [] };
  assert.equal((await putManifest(server, 'team/index', 'v1', index)).status, 201);
  const mounted = await server.ask(
    'POST',
    `/v2/team/mounted/blobs/uploads/?mount=${sha256('layer of v1')}&from=team/api`,
  );
  assert.equal(mounted.status, 201);
  assert.equal((await server.call('InitiateLayerUpload', { repositoryName: 'team/by-api' })).partSize, 10_485_760);
  for (const name of ['teams/api', 'other']) {
    assert.equal((await server.ask('POST', `/v2/${name}/blobs/uploads/`)).status, 404);
    await assert.rejects(server.call('InitiateLayerUpload', { repositoryName: name }), {
      code: 'RepositoryNotFoundException',
    });
  }
  // Neither does a look, nor what is no manifest.
  assert.equal((await server.ask('GET', '/v2/team/looked-at/manifests/v1')).status, 404);
  assert.equal((await server.ask('PUT', '/v2/team/nonsense/manifests/v1', { body: 'blah' })).status, 400);
  const names = (await server.call('DescribeRepositories', {})).repositories?.map((each) => each.repositoryName);
  assert.deepEqual(names, ['team/api', 'team/by-api', 'team/index', 'team/mounted']);
});

test('a blob is mounted from another region, whose bytes it shares', async (t) => {
  const server = await startWithRepository(t);
  await server.call('CreateRepository', { repositoryName: 'far' }, { account: '123456789012', region: 'eu-west-1' });
  await pushBlob(server, 'app', content);
  const far = '123456789012.eu-west-1/far';
  assert.equal((await server.ask('POST', `/v2/${far}/blobs/uploads/?mount=${digest}`)).status, 202);
  assert.equal((await server.ask('POST', `/v2/${far}/blobs/uploads/?mount=${digest}&from=app`)).status, 201);
  await server.ask('DELETE', `/v2/app/blobs/${digest}`);
  assert.equal(await pulled(server, digest, far), content);
});

test('what was acknowledged is there after a restart', async (t) => {
  const server = await startWithRepository(t);
  const image = await pushImage(server, 'app', 'v1');
  const again = await server.restart();
  assert.equal(await (await again.ask('GET', '/v2/app/manifests/v1')).text(), image.text);
  assert.notEqual(await pulled(again, image.layer), 404);
});
