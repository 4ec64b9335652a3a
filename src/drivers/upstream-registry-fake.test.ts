// The registry in memory passes the suite.
import { FakeUpstream } from './upstream-registry-fake.ts';
import { upstreamSuite } from './upstream-registry.suite.ts';

upstreamSuite('the upstream registry in memory', async () => {
  const upstream = new FakeUpstream();
  const registry = 'localhost:5000';
  return {
    upstream,
    registry,
    putBlob: async (repository, content) => upstream.putBlob({ registry, repository }, content),
    putManifest: async (repository, tag, body, mediaType) =>
      upstream.putManifest({ registry, repository }, tag, body, mediaType),
    async stop() {
      upstream.failure = 'unreachable';
    },
  };
});
