// The quickstart as a newcomer runs it: the Flask app's own lines, its exit codes, and nothing left behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

test('script/quickstart tells the story and ends with a clean stop', { timeout: 580_000 }, async () => {
  const environment = { ...process.env, BERTH_PORT: '4577' };
  const child = spawn('bash', ['script/quickstart'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, said);
  for (const line of [
    /flask-api listens on port 3000/,
    /GET \/ 200/,
    /flask-api stopped/,
    /STOPPED\s+UserInitiated\s+0/,
    /STOPPED\s+EssentialContainerExited\s+7/,
    /Everything ran, and nothing of it is left/,
  ]) {
    assert.match(said, line);
  }
});
