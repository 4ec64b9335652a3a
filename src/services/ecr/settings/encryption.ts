// How a repository's bytes are said to be encrypted. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
import type { Encryption, EncryptionType } from '#services/ecr/kinds.ts';
import { kmsKeyUnexpected, kmsUnsupported, notInEnum } from './errors.ts';

const types: readonly EncryptionType[] = ['KMS_DSSE', 'AES256', 'KMS'];

/**
 * The encryption that a request asks for: AES256, ECR's default, where it asks for none; whoever keeps the disk has to
 * encrypt it. Throws InvalidParameterException, also for the keys of a KMS, as there is none here.
 */
export function readEncryption(
  asked: { readonly encryptionType?: EncryptionType | undefined; readonly kmsKey?: string | undefined } | undefined,
): Encryption {
  if (asked === undefined) return { encryptionType: 'AES256' };
  const { encryptionType, kmsKey } = asked;
  if (encryptionType === undefined || !types.includes(encryptionType)) {
    throw notInEnum('encryptionConfiguration.encryptionType', types);
  }
  if (encryptionType !== 'AES256') throw kmsUnsupported(encryptionType);
  if (kmsKey !== undefined) throw kmsKeyUnexpected(encryptionType);
  return { encryptionType };
}
