// `berth env`: lines for a shell, so that every AWS tool finds Berth.
import type { Config } from '#config.ts';
import { requireInstallation } from './installation.ts';

/**
 * The lines that `eval "$(bin/berth env)"` wants. What the caller's `environment` would have the tools send past Berth, or
 * send along, is put right too.
 */
export function environmentLines(config: Config, environment: NodeJS.ProcessEnv): string {
  const { endpoint, port, home, accessKeyId, secretAccessKey } = requireInstallation(config.data);
  const variables = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: home.region,
    AWS_DEFAULT_REGION: home.region,
    BERTH_REGISTRY: `localhost:${port}`,
    ...proxyVariables(environment),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  // Left from a login to AWS it would be sent with keys that it does not belong to.
  if (environment['AWS_SESSION_TOKEN']) lines.push('unset AWS_SESSION_TOKEN');
  return `${lines.join('\n')}\n`;
}

/** Behind a proxy, loopback must be left out of what goes through it. */
function proxyVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const hasProxy = environment['HTTP_PROXY'] ?? environment['http_proxy'];
  const exempt = environment['NO_PROXY'] ?? environment['no_proxy'] ?? '';
  if (!hasProxy || exempt.split(',').includes('127.0.0.1')) return {};
  const value = ['127.0.0.1', 'localhost', ...exempt.split(',').filter(Boolean)].join(',');
  return { NO_PROXY: value, no_proxy: value };
}

/** Quoted for a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./:@+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
