// AWS JSON requests, signed by the SDK's own signer, as the bytes that go over the wire.
import { request } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '#aws/sdk-signer.fixture.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A call of a JSON service, or (EC2) of the query protocol, whose input is the rest of its form. */
export type Call =
  | { readonly service: 'ecs' | 'ecr'; readonly operation: string; readonly input: unknown }
  | { readonly service: 'ec2'; readonly operation: string; readonly input: string };

const targets = { ecs: 'AmazonEC2ContainerServiceV20141113', ecr: 'AmazonEC2ContainerRegistry_V20150921' } as const;

function bodyOf(call: Call): string {
  if (call.service !== 'ec2') return JSON.stringify(call.input);
  return `Action=${call.operation}&Version=2016-11-15${call.input}`;
}

function kindOf({ service, operation }: Call): Record<string, string> {
  if (service === 'ec2') return { 'content-type': 'application/x-www-form-urlencoded' };
  return { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${targets[service]}.${operation}` };
}

export class Signer {
  readonly port: number;
  readonly #host: string;
  readonly #keys: Keys;

  /** `port` is Berth's: it stands in the Host header, to whichever server the bytes go. */
  constructor(port: number, keys: Keys) {
    this.port = port;
    this.#host = `127.0.0.1:${port}`;
    this.#keys = keys;
  }

  /** Valid for 15 minutes. */
  async headers(call: Call, body: string): Promise<Record<string, string>> {
    const signer = new SignatureV4({
      service: call.service,
      region: 'us-east-1',
      credentials: this.#keys,
      sha256: Sha256,
    });
    const signed = await signer.sign({
      method: 'POST',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: '/',
      query: {},
      headers: {
        host: this.#host,
        'content-length': String(Buffer.byteLength(body)),
        ...kindOf(call),
      },
      body,
    });
    return signed.headers;
  }

  async bytes(call: Call): Promise<Buffer> {
    const body = bodyOf(call);
    const headers = Object.entries(await this.headers(call, body)).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`POST / HTTP/1.1\r\n${headers.join('')}\r\n${body}`);
  }

  /** Makes the call and gives the answer's body. Rejects where it is an error. */
  async text(port: number, call: Call): Promise<string> {
    const body = bodyOf(call);
    const headers = await this.headers(call, body);
    const { status, text } = await post(port, headers, body);
    if (status !== 200) throw new Error(`${call.operation}: ${status} ${text}`);
    return text;
  }

  /** Makes the call of a JSON service and gives its output. Rejects where the answer is an error. */
  async call<T>(port: number, call: Call): Promise<T> {
    return JSON.parse(await this.text(port, call)) as T;
  }
}

function post(port: number, headers: Record<string, string>, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.once('end', () => resolve({ status: response.statusCode!, text })).once('error', reject);
    });
    asked.once('error', reject).end(body);
  });
}
