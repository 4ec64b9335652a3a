// The suite on the store in memory.
import { systemRandom } from '#kernel/random.ts';
import { FakeBlobs } from './blobs-fake.ts';
import { blobsSuite } from './blobs.suite.ts';

blobsSuite('the blob store in memory', async (clock) => {
  const blobs = new FakeBlobs({ clock, random: systemRandom });
  return { blobs, damage: async (namespace, digest) => blobs.damage(namespace, digest) };
});
