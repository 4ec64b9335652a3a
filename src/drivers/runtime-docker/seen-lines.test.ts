// Reading again: every line once, in whatever place the first reading stopped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogLine } from '#drivers/runtime.ts';
import { SeenLines } from './seen-lines.ts';

function stamp(step: number): string {
  return new Date(1_795_506_576_000 + step).toISOString().replace('Z', '000000Z');
}

test('a reading that stops anywhere and begins again gives every line once', () => {
  const step = fc.record({ stderr: fc.boolean(), ms: fc.constantFrom(0, 0, 1, 700, 5000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(fc.nat(), { maxLength: 4 }), (steps, stops) => {
      let now = 0;
      const lines = steps.map(({ stderr, ms }, index): LogLine => {
        now += ms;
        return { stream: stderr ? 'stderr' : 'stdout', timestamp: stamp(now), text: String(index) };
      });
      const seen = new SeenLines();
      const given: LogLine[] = [];
      for (const stop of [...stops.map((each) => each % (lines.length + 1)), lines.length]) {
        const since = seen.position ?? '';
        const part = lines.slice(0, stop).filter((line) => line.timestamp >= since);
        given.push(...part.filter((line) => seen.add(line)));
        seen.again();
      }
      assert.deepEqual(given, lines);
    }),
    { numRuns: 500 },
  );
});

test('lines after the clock was set back are new', () => {
  const seen = new SeenLines();
  const at = (ms: number): LogLine => ({ stream: 'stdout', timestamp: stamp(ms), text: '' });
  assert.deepEqual(
    [at(5000), at(100), at(100), at(200)].map((line) => seen.add(line)),
    [true, true, true, true],
  );
});
