// What there is to say of managed signing where no AWS Signer is: that it is not configured. PutSigningConfiguration is not there.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html
import type { Operations } from '#aws/service.ts';
import { repositoryIn, requireImage } from '#services/ecr/image-records.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { signingConfigurationNotFound } from './errors.ts';

export const signingOperations: Operations<'ecr'> = {
  GetSigningConfiguration: {
    accepts: true,
    read(_input, _reader, context) {
      throw signingConfigurationNotFound(context.account);
    },
  },
  DeleteSigningConfiguration: {
    accepts: true,
    read(_input, _reader, context) {
      throw signingConfigurationNotFound(context.account);
    },
  },
  DescribeImageSigningStatus: {
    accepts: true,
    resource: addressedArn,
    read(input, reader, context) {
      const name = addressed(input, context);
      const { imageDigest, imageTag } = input.imageId ?? {};
      const image = requireImage(reader, repositoryIn(reader, name), { imageDigest, imageTag });
      return {
        registryId: name.scope.account,
        repositoryName: name.repositoryName,
        imageId: { imageDigest: image.spec.digest, ...(imageTag === undefined ? {} : { imageTag }) },
        // One for each signing rule that the image matches, and there are none.
        signingStatuses: [],
      };
    },
  },
};
