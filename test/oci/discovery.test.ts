// Conformance: content discovery. OCI distribution spec 1.1, "Listing Tags", "Listing Referrers".
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  errorCode,
  indexType,
  manifestType,
  pushBlob,
  pushImage,
  putManifest,
  sha256,
  startRegistry,
} from './registry-server.ts';

interface Tags {
  name: string;
  tags: string[];
}

test('tags are listed in order, in pages that link to the next', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  assert.deepEqual(await (await server.ask('GET', '/v2/app/tags/list')).json(), { name: 'app', tags: [] });
  const { text } = await pushImage(server, 'app', 'b');
  for (const tag of ['e', 'a', 'd', 'c']) await putManifest(server, 'app', tag, text);
  const whole = await server.ask('GET', '/v2/app/tags/list');
  assert.deepEqual(await whole.json(), { name: 'app', tags: ['a', 'b', 'c', 'd', 'e'] });
  assert.equal(whole.headers.get('link'), null);
  const pages: string[][] = [];
  for (let path: string | undefined = '/v2/app/tags/list?n=2'; path !== undefined;) {
    const page = await server.ask('GET', path);
    pages.push(((await page.json()) as Tags).tags);
    path = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1];
  }
  assert.deepEqual(pages, [['a', 'b'], ['c', 'd'], ['e']]);
  const after = await server.ask('GET', '/v2/app/tags/list?last=c');
  assert.deepEqual(((await after.json()) as Tags).tags, ['d', 'e']);
  assert.deepEqual(((await (await server.ask('GET', '/v2/app/tags/list?n=0')).json()) as Tags).tags, []);
  for (const n of ['-1', 'x', '1.5']) {
    const refused = await server.ask('GET', `/v2/app/tags/list?n=${n}`);
    assert.equal(refused.status, 400);
    assert.equal(await errorCode(refused), 'PAGINATION_NUMBER_INVALID');
  }
});

test('tags of another region are listed under its path', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' }, { account: '123456789012', region: 'eu-west-1' });
  await pushImage(server, '123456789012.eu-west-1/app', 'v1');
  const listed = await server.ask('GET', '/v2/123456789012.eu-west-1/app/tags/list');
  assert.deepEqual(await listed.json(), { name: '123456789012.eu-west-1/app', tags: ['v1'] });
  assert.equal((await server.ask('GET', '/v2/app/tags/list')).status, 404);
});

test('referrers are found by their subject, also one that does not exist, and filtered by type', async (t) => {
  const server = await startRegistry(t);
  await server.call('CreateRepository', { repositoryName: 'app' });
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', ...(await pushBlob(server, 'app', '{}')) };
  const image = await pushImage(server, 'app', 'v1');
  const absent = sha256('a subject that is not there yet');
  const attach = async (subjectDigest: string, artifactType: string) => {
    const subject = { mediaType: manifestType, digest: subjectDigest, size: 1 };
    const annotations = { 'org.example.kind': artifactType };
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType,
      config,
      layers: [],
      subject,
      annotations,
    });
    const reply = await putManifest(server, 'app', sha256(text), text);
    assert.equal(reply.status, 201);
    assert.equal(reply.headers.get('oci-subject'), subjectDigest);
    return { mediaType: manifestType, digest: sha256(text), size: text.length, artifactType, annotations };
  };
  const sbom = await attach(image.digest, 'application/vnd.example.sbom');
  const signature = await attach(image.digest, 'application/vnd.example.signature');
  const early = await attach(absent, 'application/vnd.example.sbom');
  const referrers = async (digest: string, query = '') => {
    const reply = await server.ask('GET', `/v2/app/referrers/${digest}${query}`);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('content-type'), indexType);
    const { schemaVersion, mediaType, manifests } = (await reply.json()) as Record<string, unknown>;
    assert.deepEqual([schemaVersion, mediaType], [2, indexType]);
    return { manifests: manifests as { digest: string }[], filtered: reply.headers.get('oci-filters-applied') };
  };
  const both = [sbom, signature].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  assert.deepEqual(await referrers(image.digest), { manifests: both, filtered: null });
  assert.deepEqual(await referrers(absent), { manifests: [early], filtered: null });
  assert.deepEqual(await referrers(sha256('nothing')), { manifests: [], filtered: null });
  const query = `?artifactType=${encodeURIComponent(signature.artifactType)}`;
  assert.deepEqual(await referrers(image.digest, query), { manifests: [signature], filtered: 'artifactType' });
  assert.equal((await server.ask('DELETE', `/v2/app/manifests/${sbom.digest}`)).status, 202);
  assert.deepEqual((await referrers(image.digest)).manifests, [signature]);
  assert.equal((await server.ask('GET', '/v2/app/referrers/sha256:short')).status, 400);
});
