// The cases of the OCI distribution spec's own conformance suite, by their names there: pull, push, content discovery, content management.
// https://github.com/opencontainers/distribution-spec/tree/v1.1.1/conformance
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  errorCode,
  indexType,
  manifestType,
  pushBlob,
  pushImage,
  putManifest,
  sha256,
  startRegistry,
  type RegistryServer,
} from './registry-server.ts';

const nonexistent = sha256('totally wrong');
const configType = 'application/vnd.oci.image.config.v1+json';

function startCategory(): { server: RegistryServer } {
  const category = {} as { server: RegistryServer };
  const ends: (() => Promise<void>)[] = [];
  after(async () => {
    for (const end of ends) await end();
  });
  before(async () => {
    category.server = await startRegistry({ after: (end) => ends.push(end) });
    for (const repositoryName of ['myorg/myrepo', 'myorg/other']) {
      await category.server.call('CreateRepository', { repositoryName });
    }
  });
  return category;
}

async function begin(server: RegistryServer, query = '', repository = 'myorg/myrepo'): Promise<string> {
  const reply = await server.ask('POST', `/v2/${repository}/blobs/uploads/${query}`, {
    headers: { 'content-length': '0' },
  });
  assert.equal(reply.status, 202);
  return reply.headers.get('location')!;
}

describe('Pull', () => {
  const category = startCategory();
  let image: Awaited<ReturnType<typeof pushImage>>;
  before(async () => {
    image = await pushImage(category.server, 'myorg/myrepo', 'tagtest0');
  });
  const expect = async (method: string, path: string, status: number) => {
    const reply = await category.server.ask(method, `/v2/myorg/myrepo/${path}`);
    assert.equal(reply.status, status);
    return reply;
  };

  test('HEAD request to nonexistent blob should result in 404 response', async () =>
    void (await expect('HEAD', `blobs/${nonexistent}`, 404)));
  test('HEAD request to existing blob should yield 200', async () => {
    const reply = await expect('HEAD', `blobs/${image.layer}`, 200);
    assert.equal(reply.headers.get('docker-content-digest'), image.layer);
    assert.ok(Number(reply.headers.get('content-length')) > 0);
  });
  test('GET nonexistent blob should result in 404 response', async () =>
    void (await expect('GET', `blobs/${nonexistent}`, 404)));
  test('GET request to existing blob URL should yield 200', async () => {
    assert.equal(sha256(await (await expect('GET', `blobs/${image.layer}`, 200)).text()), image.layer);
  });
  test('HEAD request to nonexistent manifest should return 404', async () =>
    void (await expect('HEAD', 'manifests/.INVALID_MANIFEST_NAME', 404)));
  test('HEAD request to manifest path (digest) should yield 200 response', async () => {
    const reply = await expect('HEAD', `manifests/${image.digest}`, 200);
    assert.equal(reply.headers.get('docker-content-digest'), image.digest);
  });
  test('HEAD request to manifest path (tag) should yield 200 response', async () => {
    const reply = await expect('HEAD', 'manifests/tagtest0', 200);
    assert.equal(reply.headers.get('docker-content-digest'), image.digest);
  });
  test('GET nonexistent manifest should return 404', async () =>
    void (await expect('GET', 'manifests/.INVALID_MANIFEST_NAME', 404)));
  test('GET request to manifest path (digest) should yield 200 response', async () => {
    assert.equal(await (await expect('GET', `manifests/${image.digest}`, 200)).text(), image.text);
  });
  test('GET request to manifest path (tag) should yield 200 response', async () => {
    const reply = await expect('GET', 'manifests/tagtest0', 200);
    assert.equal(reply.headers.get('content-type'), manifestType);
    assert.equal(await reply.text(), image.text);
  });
  test('400 response body should contain OCI-conforming JSON message', async () => {
    const reply = await category.server.ask('PUT', '/v2/myorg/myrepo/manifests/sha256:totallywrong', {
      body: 'blah',
      headers: { 'content-type': manifestType },
    });
    assert.equal(reply.status, 400);
    assert.equal(await errorCode(reply), 'DIGEST_INVALID');
  });
});

describe('Push', () => {
  const category = startCategory();
  const ask: RegistryServer['ask'] = (...asked) => category.server.ask(...asked);
  const blob = 'hello world, as a blob';
  const digest = sha256(blob);
  const octets = { 'content-type': 'application/octet-stream' };
  const pulled = async (repository: string, wanted: string) =>
    (await ask('GET', `/v2/${repository}/blobs/${wanted}`)).status;

  describe('Blob Upload Streamed', () => {
    let location: string;
    test('PATCH request with blob in body should yield 202 response', async () => {
      const session = await begin(category.server);
      const body = new ReadableStream({
        start(stream) {
          stream.enqueue(Buffer.from(blob));
          stream.close();
        },
      });
      const reply = await ask('PATCH', session, { body, headers: octets });
      assert.equal(reply.status, 202);
      location = reply.headers.get('location')!;
    });
    test('PUT request to session URL with digest should yield 201 response', async () => {
      const reply = await ask('PUT', `${location}?digest=${digest}`);
      assert.equal(reply.status, 201);
      assert.ok(reply.headers.get('location'));
    });
  });

  describe('Blob Upload Monolithic', () => {
    const layer = 'a layer blob';
    test('GET nonexistent blob should result in 404 response', async () => {
      assert.equal(await pulled('myorg/myrepo', nonexistent), 404);
    });
    test('POST request with digest and blob should yield a 201 or 202', async () => {
      const body = 'posted at once';
      const reply = await ask('POST', `/v2/myorg/myrepo/blobs/uploads/?digest=${sha256(body)}`, {
        body,
        headers: octets,
      });
      assert.equal(reply.status, 201);
      assert.equal(await pulled('myorg/myrepo', sha256(body)), 200);
    });
    test('PUT upload of a blob should yield a 201 Response', async () => {
      const session = await begin(category.server);
      const reply = await ask('PUT', `${session}?digest=${digest}`, { body: blob, headers: octets });
      assert.equal(reply.status, 201);
      const fetched = await ask('GET', reply.headers.get('location')!);
      assert.equal(await fetched.text(), blob);
    });
    test('PUT upload of a layer blob should yield a 201 Response', async () => {
      const session = await begin(category.server);
      const reply = await ask('PUT', `${session}?digest=${sha256(layer)}`, { body: layer, headers: octets });
      assert.equal(reply.status, 201);
      assert.equal(await pulled('myorg/myrepo', sha256(layer)), 200);
    });
  });

  describe('Blob Upload Chunked', () => {
    test('PUT request with final chunk should return 201', async () => {
      const session = await ask('PATCH', await begin(category.server), chunk(first, 0));
      const last = chunk(second, first.length);
      const reply = await ask('PUT', `${session.headers.get('location')}?digest=${whole}`, last);
      assert.equal(reply.status, 201);
      await ask('DELETE', `/v2/myorg/myrepo/blobs/${whole}`);
    });

    const [first, second] = ['chunk one, ', 'chunk two'];
    const whole = sha256(first + second);
    let location: string;
    const chunk = (body: string, start: number) => ({
      body,
      headers: { ...octets, 'content-range': `${start}-${start + body.length - 1}` },
    });
    test('Out-of-order blob upload should return 416', async () => {
      location = await begin(category.server);
      assert.equal((await ask('PATCH', location, chunk(second, first.length))).status, 416);
    });
    test('PATCH request with first chunk should return 202', async () => {
      const reply = await ask('PATCH', location, chunk(first, 0));
      assert.equal(reply.status, 202);
      assert.equal(reply.headers.get('range'), `0-${first.length - 1}`);
      location = reply.headers.get('location')!;
    });
    test('Retry previous blob chunk should return 416', async () => {
      assert.equal((await ask('PATCH', location, chunk(first, 0))).status, 416);
    });
    test('Get on stale blob upload should return 204 with a range and location', async () => {
      const reply = await ask('GET', location);
      assert.equal(reply.status, 204);
      assert.equal(reply.headers.get('range'), `0-${first.length - 1}`);
      location = reply.headers.get('location')!;
    });
    test('PATCH request with second chunk should return 202', async () => {
      const reply = await ask('PATCH', location, chunk(second, first.length));
      assert.equal(reply.status, 202);
      location = reply.headers.get('location')!;
    });
    test('PUT request with digest should return 201', async () => {
      const reply = await ask('PUT', `${location}?digest=${whole}`);
      assert.equal(reply.status, 201);
      assert.equal(await pulled('myorg/myrepo', whole), 200);
    });
  });

  describe('Cross-Repository Blob Mount', () => {
    const shared = 'mounted, not sent';
    before(() => pushBlob(category.server, 'myorg/myrepo', shared));
    test("POST request to mount another repository's blob should return 201 or 202", async () => {
      const query = `?mount=${sha256(shared)}&from=myorg/myrepo`;
      const reply = await ask('POST', `/v2/myorg/other/blobs/uploads/${query}`);
      assert.equal(reply.status, 201);
      assert.equal(reply.headers.get('location'), `/v2/myorg/other/blobs/${sha256(shared)}`);
    });
    test('GET request to test digest within cross-mount namespace should return 200', async () => {
      assert.equal(await pulled('myorg/other', sha256(shared)), 200);
    });
    test('Cross-mounting of nonexistent blob should yield session id', async () => {
      assert.match(
        await begin(category.server, `?mount=${nonexistent}&from=myorg/myrepo`, 'myorg/other'),
        /blobs\/uploads\/.+/,
      );
    });
    test('Cross-mounting without from, and automatic content discovery enabled should return a 201', async () => {
      const found = 'found without being told where';
      await pushBlob(category.server, 'myorg/myrepo', found);
      const reply = await ask('POST', `/v2/myorg/other/blobs/uploads/?mount=${sha256(found)}`);
      assert.equal(reply.status, 201);
      assert.equal(await pulled('myorg/other', sha256(found)), 200);
    });
  });

  describe('Manifest Upload', () => {
    test('GET nonexistent manifest should return 404', async () => {
      assert.equal((await ask('GET', '/v2/myorg/myrepo/manifests/.INVALID_MANIFEST_NAME')).status, 404);
    });
    test('PUT should accept a manifest upload', async () => {
      for (const tag of ['test0', 'test1', 'test2', 'test3']) {
        const { digest: pushed } = await pushImage(category.server, 'myorg/myrepo', tag);
        assert.equal((await ask('GET', `/v2/myorg/myrepo/manifests/${pushed}`)).status, 200);
      }
    });
    test('Registry should accept a manifest upload with no layers', async () => {
      const config = { mediaType: configType, ...(await pushBlob(category.server, 'myorg/myrepo', '{}')) };
      const manifest = { schemaVersion: 2, mediaType: manifestType, config, layers: [] };
      const reply = await putManifest(category.server, 'myorg/myrepo', 'emptylayer', manifest);
      assert.equal(reply.status, 201);
      assert.equal((await ask('GET', reply.headers.get('location')!)).status, 200);
    });
  });
});

describe('Content Discovery', () => {
  const category = startCategory();
  const tags = ['test0', 'TEST1', 'test2', 'test3'];
  const list = async (query = '') => {
    const reply = await category.server.ask('GET', `/v2/myorg/myrepo/tags/list${query}`);
    assert.equal(reply.status, 200);
    return { ...((await reply.json()) as { tags: string[] }), link: reply.headers.get('link') };
  };
  before(async () => {
    const { text } = await pushImage(category.server, 'myorg/myrepo', tags[0]!);
    for (const tag of tags.slice(1).toReversed()) await putManifest(category.server, 'myorg/myrepo', tag, text);
  });

  test('GET request to list tags should yield 200 response', async () => {
    // "In lexical order (i.e. case-insensitive alphanumeric order)".
    assert.deepEqual((await list()).tags, tags);
  });
  test('GET number of tags should be limitable by `n` query parameter', async () => {
    const page = await list('?n=2');
    assert.deepEqual(page.tags, tags.slice(0, 2));
    assert.equal(page.link, '</v2/myorg/myrepo/tags/list?n=2&last=TEST1>; rel="next"');
  });
  test('GET start of tag is set by `last` query parameter', async () => {
    assert.deepEqual((await list('?n=2&last=TEST1')).tags, ['test2', 'test3']);
    assert.deepEqual((await list('?last=test1x')).tags, ['test2', 'test3']);
  });

  describe('Referrers', () => {
    let subject: { mediaType: string; digest: string; size: number };
    const artifacts = new Map<string, string>();
    const referrers = async (digest: string, query = '') => {
      const reply = await category.server.ask('GET', `/v2/myorg/myrepo/referrers/${digest}${query}`);
      assert.equal(reply.status, 200);
      assert.equal(reply.headers.get('content-type'), indexType);
      const { manifests } = (await reply.json()) as { manifests: { digest: string; artifactType: string }[] };
      return { manifests, reply };
    };
    const attach = async (manifest: object) => {
      const text = JSON.stringify({ schemaVersion: 2, subject, ...manifest });
      const reply = await putManifest(category.server, 'myorg/myrepo', sha256(text), text);
      assert.equal(reply.status, 201);
      assert.equal(reply.headers.get('oci-subject'), subject.digest);
      return sha256(text);
    };
    before(async () => {
      const image = await pushImage(category.server, 'myorg/myrepo', 'test0');
      subject = { mediaType: manifestType, digest: image.digest, size: image.text.length };
      const empty = {
        mediaType: 'application/vnd.oci.empty.v1+json',
        ...(await pushBlob(category.server, 'myorg/myrepo', '{}')),
      };
      const config = { ...empty, mediaType: 'application/vnd.nhl.peanut.butter.bagel' };
      const layers = [empty];
      const manifest = { mediaType: manifestType, layers };
      artifacts.set('by its artifactType', await attach({ ...manifest, config: empty, artifactType: 'vnd/first' }));
      artifacts.set('by its config', await attach({ ...manifest, config }));
      artifacts.set('an index', await attach({ mediaType: indexType, artifactType: 'vnd/index', manifests: [] }));
    });

    test('GET request to nonexistent blob should result in empty 200 response', async () => {
      assert.deepEqual((await referrers(nonexistent)).manifests, []);
    });
    test('GET request to existing blob should yield 200', async () => {
      const { manifests } = await referrers(subject.digest);
      assert.deepEqual(manifests.map(({ digest }) => digest).toSorted(), [...artifacts.values()].toSorted());
    });
    test('GET request to existing blob with filter should yield 200', async () => {
      const filters = [
        ['vnd/first', 'by its artifactType'],
        ['application/vnd.nhl.peanut.butter.bagel', 'by its config'],
        ['vnd/index', 'an index'],
      ];
      for (const [artifactType, which] of filters) {
        const { manifests, reply } = await referrers(
          subject.digest,
          `?artifactType=${encodeURIComponent(artifactType!)}`,
        );
        assert.equal(reply.headers.get('oci-filters-applied'), 'artifactType');
        assert.deepEqual(
          manifests.map(({ digest }) => digest),
          [artifacts.get(which!)],
        );
      }
    });
    test('GET request to missing manifest should yield 200', async () => {
      const { manifests } = await referrers(sha256('not pushed yet'));
      assert.deepEqual(manifests, []);
    });
    test('referrers come in pages that link to the next, each under the filter', async () => {
      const seen: string[] = [];
      let path: string | undefined = `/v2/myorg/myrepo/referrers/${subject.digest}?n=1`;
      while (path !== undefined) {
        const reply = await category.server.ask('GET', path);
        const { manifests } = (await reply.json()) as { manifests: { digest: string }[] };
        assert.equal(manifests.length, 1);
        seen.push(manifests[0]!.digest);
        path = /^<([^>]+)>; rel="next"$/.exec(reply.headers.get('link') ?? '')?.[1];
      }
      assert.deepEqual(seen, [...artifacts.values()].toSorted());
    });
  });
});

describe('Content Management', () => {
  const category = startCategory();
  const ask: RegistryServer['ask'] = (...asked) => category.server.ask(...asked);
  let image: Awaited<ReturnType<typeof pushImage>>;
  before(async () => {
    image = await pushImage(category.server, 'myorg/myrepo', 'tagtest0');
  });

  test('DELETE request to manifest tag should return 202, unless tag deletion is disallowed (400/405)', async () => {
    assert.equal((await ask('DELETE', '/v2/myorg/myrepo/manifests/tagtest0')).status, 202);
    assert.equal((await ask('GET', '/v2/myorg/myrepo/manifests/tagtest0')).status, 404);
  });
  test('DELETE request to manifest (digest) should yield 202 response unless already deleted', async () => {
    assert.equal((await ask('DELETE', `/v2/myorg/myrepo/manifests/${image.digest}`)).status, 202);
  });
  test('GET request to deleted manifest URL should yield 404 response, unless delete is disallowed', async () => {
    assert.equal((await ask('GET', `/v2/myorg/myrepo/manifests/${image.digest}`)).status, 404);
  });
  test('GET request to tags list should reflect manifest deletion', async () => {
    const reply = await ask('GET', '/v2/myorg/myrepo/tags/list');
    assert.deepEqual(((await reply.json()) as { tags: string[] }).tags, []);
  });
  test('DELETE request to blob URL should yield 202 response', async () => {
    for (const blob of [image.layer, image.config]) {
      assert.equal((await ask('DELETE', `/v2/myorg/myrepo/blobs/${blob}`)).status, 202);
    }
  });
  test('GET request to deleted blob URL should yield 404 response', async () => {
    for (const blob of [image.layer, image.config]) {
      const reply = await ask('GET', `/v2/myorg/myrepo/blobs/${blob}`);
      assert.equal(reply.status, 404);
      assert.equal(await errorCode(reply), 'BLOB_UNKNOWN');
    }
  });
});
