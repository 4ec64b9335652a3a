// Whom the front door talks to: names that Berth answers to (against DNS rebinding) and pages that may call it.
import type { WireRequest } from './wire.ts';

/** What this Berth is called, beside its loopback names. */
export interface FrontDoor {
  /** Further host names or addresses, lower case, without a port: `berth.example.com`, `10.0.0.5`, `fd00::5`. */
  readonly hosts: ReadonlySet<string>;
  /** Nothing but `hosts`: no loopback name either. */
  readonly only?: boolean;
  /** Origins of web pages that may call it beside its own: `https://console.example.com`. */
  readonly origins: ReadonlySet<string>;
}

/**
 * Why a request must not be served, or undefined where nothing speaks against it. Looks at Host, Origin and
 * Sec-Fetch-Site only, and comes before anything else.
 */
export function refuseSource(headers: WireRequest['headers'], door: FrontDoor): string | undefined {
  const { host } = headers;
  if (host === undefined) return 'The request has no Host header.';
  const name = hostName(host);
  if (name === undefined) return 'The Host header is malformed.';
  if (!answersTo(name, door)) return `Berth does not answer to the host name '${name}'.`;
  return refuseOrigin(headers, host, door);
}

/** The name of `host[:port]` in lower case, brackets of an IPv6 address taken off; undefined where it is malformed. */
export function hostName(host: string): string | undefined {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?))(?::\d{1,5})?$/.exec(host.toLowerCase());
  return parts?.[1] ?? parts?.[2];
}

/** AWS's own names are among `hosts` where a certificate says so, and nowhere else. */
function answersTo(name: string, { hosts, only }: FrontDoor): boolean {
  if (hosts.has(name)) return true;
  return !only && (name === 'localhost' || name.endsWith('.localhost') || name === '::1' || isLoopback(name));
}

/** 127.0.0.0/8, only as four decimal numbers: `127.evil.example` is a name. */
function isLoopback(name: string): boolean {
  const parts = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(name);
  return parts !== null && parts.slice(1).every((part) => Number(part) <= 255);
}

function refuseOrigin(headers: WireRequest['headers'], host: string, door: FrontDoor): string | undefined {
  const { origin } = headers;
  if (origin !== undefined) {
    if (isSameOrigin(origin, host) || door.origins.has(origin.toLowerCase())) return undefined;
    return `Web pages of the origin '${origin.slice(0, 256)}' may not call Berth.`;
  }
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none' || isNavigation(headers)) return undefined;
  return 'Web pages of another site may not call Berth.';
}

/** A link that was followed in the address bar's own window: it shows something to its user, not to the other page. */
function isNavigation(headers: WireRequest['headers']): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

/** The page came from the very host and port that it calls. `null` never did. */
function isSameOrigin(origin: string, host: string): boolean {
  const parts = /^(https?):\/\/([^/?#@]+)$/.exec(origin.toLowerCase());
  if (parts === null) return false;
  const standard = parts[1] === 'https' ? ':443' : ':80';
  const bare = (authority: string) => (authority.endsWith(standard) ? authority.slice(0, -standard.length) : authority);
  return bare(parts[2]!) === bare(host.toLowerCase());
}
