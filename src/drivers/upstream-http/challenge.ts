// Reads WWW-Authenticate: which token server an upstream sends its clients to. Pure.
// RFC 9110, section 11.6.1; https://distribution.github.io/distribution/spec/auth/token/

/** A Bearer challenge. */
export interface BearerChallenge {
  readonly realm: string;
  readonly service?: string;
  readonly scope?: string;
}

const parameter = /^[\s,]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/;
const scheme = /^[\s,]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?=\s|,|$)/;

/** The first Bearer challenge that names a realm; undefined where the header has none. */
export function bearerChallenge(header: string | undefined): BearerChallenge | undefined {
  let rest = header ?? '';
  let current = '';
  const found = new Map<string, string>();
  while (rest !== '') {
    const pair = parameter.exec(rest);
    const next = pair ?? scheme.exec(rest);
    if (next === null) break;
    rest = rest.slice(next[0].length);
    if (pair === null) {
      if (current === 'bearer' && found.has('realm')) break;
      current = next[1]!.toLowerCase();
      found.clear();
    } else {
      found.set(pair[1]!.toLowerCase(), pair[2]?.replaceAll(/\\(.)/g, '$1') ?? pair[3]!);
    }
  }
  const realm = found.get('realm');
  if (current !== 'bearer' || realm === undefined) return undefined;
  const [service, scope] = [found.get('service'), found.get('scope')];
  return { realm, ...(service === undefined ? {} : { service }), ...(scope === undefined ? {} : { scope }) };
}
