// AWS's own registry names on this machine: the certificate that script/setup --aws-hostnames made for them.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#kernel/error.ts';

/** What a folder of script/setup's says of the names that lead to Berth. */
export interface AwsHostnames {
  /** Of loopback; the port is 443, since the names are used without one. */
  readonly address: string;
  /** `123456789012.dkr.ecr.us-east-1.amazonaws.com` */
  readonly names: readonly string[];
  readonly validTo: Date;
  /** PEM. */
  readonly certificate: string;
  /** A path: only who runs Berth may read it. */
  readonly keyFile: string;
}

/** Beside a folder, what `--aws-hostnames` takes: do without the names, even if they are set up. */
export const withoutAwsHostnames = 'none';

/** The names are used without a port. */
export const awsHostnamesPort = 443;

/** What is set up in a folder; undefined where nothing is. Throws Error where it is not as script/setup makes it. */
export function readAwsHostnames(folder: string): AwsHostnames | undefined {
  const file = join(folder, 'certificate.pem');
  if (folder === withoutAwsHostnames || !existsSync(file)) return undefined;
  const certificate = readFileSync(file, 'utf8');
  const { subjectAltName = '', validToDate } = new X509Certificate(certificate);
  const named = (kind: string) =>
    subjectAltName.split(', ').flatMap((entry) => (entry.startsWith(`${kind}:`) ? [entry.slice(kind.length + 1)] : []));
  const [address] = named('IP Address');
  const names = named('DNS');
  if (address === undefined || names.length === 0) throw new Error(`${file} names no host, or no address`);
  return { address, names, validTo: validToDate, certificate, keyFile: join(folder, 'key.pem') };
}

/** Whether script/setup would renew the certificate now: it ends within 60 days. */
export function endsSoon({ validTo }: AwsHostnames, now: Date): boolean {
  return validTo.getTime() - now.getTime() < 60 * 24 * 60 * 60 * 1000;
}

/** What kept a server from listening at an address of the names', and what to do. */
export function listenRefusal(thrown: unknown, address: string): { why: string; remedy: string } {
  const where = `${address}:${awsHostnamesPort}`;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'EADDRINUSE') {
    return {
      why: `${where} is taken`,
      remedy: 'Another Berth may have it, or a server that listens on all addresses: stop one of them',
    };
  }
  if (code === 'EACCES') {
    return {
      why: `${where} is for root alone`,
      remedy: 'Run Berth as root, or with CAP_NET_BIND_SERVICE (docs/design/front-door.md)',
    };
  }
  return { why: `cannot listen on ${where} (${messageOf(thrown)})`, remedy: 'Run script/setup --aws-hostnames again' };
}
