// A stream of JSON documents, one a line, as the engine's /events and /images/create send it.
import { RuntimeError } from '#drivers/runtime.ts';

/** No progress message or event comes near this many bytes; a longer line is no such stream. */
const longest = 1 << 20;

/** The documents of a stream of bytes. Throws `failed` for a line that is no JSON or is longer than 1 MiB. */
export async function* jsonLines<T>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<T, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let begin = 0;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10, begin)) {
      if (end > begin + 1) yield parse<T>(rest.subarray(begin, end));
      begin = end + 1;
    }
    rest = rest.subarray(begin);
    if (rest.length > longest) throw new RuntimeError('failed', 'The engine sent a line of more than 1 MiB');
  }
  if (rest.toString('utf8').trim() !== '') yield parse<T>(rest);
}

function parse<T>(line: Buffer): T {
  const text = line.toString('utf8');
  try {
    return JSON.parse(text) as T;
  } catch (thrown) {
    throw new RuntimeError('failed', `The engine sent a line that is not JSON: ${text.slice(0, 200)}`, thrown);
  }
}
