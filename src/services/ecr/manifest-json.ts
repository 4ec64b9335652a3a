// The JSON of a manifest, which anybody may have written: bounded before it is taken apart. Pure.

/** Manifests that mean something nest six deep or so; half a million levels keep the parser busy for seconds. */
const deepest = 100;
const [quote, backslash] = [0x22, 0x5c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The value of UTF-8 text. Throws an Error where it is no such text, no JSON, or nests too deep. */
export function parseManifestJson(body: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  if (isDeep(body)) throw new SyntaxError(`a manifest nests at most ${deepest} levels deep`);
  return JSON.parse(text);
}

/** Every byte that JSON's structure is made of is one in UTF-8 and part of no other character. */
function isDeep(body: Uint8Array): boolean {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (isString) {
      if (byte === backslash) at++;
      else if (byte === quote) isString = false;
    } else if (byte === quote) isString = true;
    else if (byte === openList || byte === openObject) {
      if (++depth > deepest) return true;
    } else if (byte === closeList || byte === closeObject) depth--;
  }
  return false;
}
