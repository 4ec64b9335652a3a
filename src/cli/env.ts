// `berth env`: lines for a shell, so that every AWS tool finds Berth.
import type { Config } from '#config.ts';
import { rootKeysOf } from './account-root-keys.ts';
import { requireInstallation } from './installation.ts';

/**
 * The lines that `eval "$(bin/berth env)"` wants, for the root of an account (the home one, when absent). What the caller's
 * `environment` would have the tools send past Berth, or send along, is put right too. Throws Error for what is no account.
 */
export function environmentLines(config: Config, environment: NodeJS.ProcessEnv, account?: string): string {
  const installation = requireInstallation(config.data);
  const { endpoint, port, names, home } = installation;
  const { accessKeyId, secretAccessKey } = rootKeysOf(account ?? home.account, installation, config.data);
  const variables = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: home.region,
    AWS_DEFAULT_REGION: home.region,
    BERTH_REGISTRY: `localhost:${port}`,
    ...proxyVariables(environment, names),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  // Left from a login to AWS it would be sent with keys that it does not belong to.
  if (environment['AWS_SESSION_TOKEN']) lines.push('unset AWS_SESSION_TOKEN');
  return `${lines.join('\n')}\n`;
}

/** Behind a proxy, loopback and the `names` that lead to it must be left out of what goes through it. */
function proxyVariables(environment: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const proxies = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'];
  const exempt = (environment['NO_PROXY'] ?? environment['no_proxy'] ?? '').split(',').filter(Boolean);
  const missing = (exempt.includes('127.0.0.1') ? names : ['127.0.0.1', 'localhost', ...names]).filter(
    (name) => !exempt.includes(name),
  );
  if (missing.length === 0 || !proxies.some((name) => environment[name])) return {};
  const value = [...missing, ...exempt].join(',');
  return { NO_PROXY: value, no_proxy: value };
}

/** Quoted for a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./:@+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
