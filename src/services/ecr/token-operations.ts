// The API's operation that gives out registry passwords.
import type { Operations } from '#aws/service.ts';
import { invalidParameter } from './errors.ts';
import type { RegistryAddress } from './names.ts';
import type { Tokens } from './token.ts';

/** `aws ecr get-login-password` is this operation: base64 of `AWS:<password>`. */
export function tokenOperations(tokens: Tokens, address: RegistryAddress): Operations<'ecr'> {
  return {
    GetAuthorizationToken: {
      accepts: true,
      read(input, _reader, context) {
        const ids = input.registryIds ?? [];
        if (ids.some((id) => !/^\d{12}$/.test(id))) {
          throw invalidParameter('registryIds', "must satisfy regular expression '[0-9]{12}'");
        }
        const { password, expiresAt } = tokens.forPrincipal(context.principal);
        const authorization = {
          authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
          expiresAt,
          // One endpoint serves every registry; a token opens those that its principal may enter.
          proxyEndpoint: `http://${address.endpoint}`,
        };
        return { authorizationData: (ids.length === 0 ? [context.account] : ids).map(() => authorization) };
      },
    },
  };
}
