// `berth env`: export lines, so that every AWS tool finds Berth.
import type { Config } from '#config.ts';
import { requireInstallation } from './installation.ts';

/** The lines that `eval "$(bin/berth env)"` wants. */
export function environmentLines(config: Config): string {
  const { endpoint, port, accessKeyId, secretAccessKey } = requireInstallation(config.data);
  const variables = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: config.region,
    AWS_DEFAULT_REGION: config.region,
    BERTH_REGISTRY: `localhost:${port}`,
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return `${lines.join('\n')}\n`;
}

/** Quoted for a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./:@+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
