// An image as DescribeImages shows it.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html
import type { Out } from '#aws/service.ts';
import type { Reader } from '#kernel/store.ts';
import { tagsOf } from './image-records.ts';
import type { Image, Repository } from './kinds.ts';
import { imagePullKind } from '#services/ecr/pulls/kinds.ts';
import { storageOf } from './lifecycle/storage-class.ts';
import { scanSummaryOf } from './scanning/describe-scan.ts';

export type ImageDetail = NonNullable<Out<'ecr', 'DescribeImages'>['imageDetails']>[number];

export function describeImage(reader: Reader, { spec: repository }: Repository, image: Image): ImageDetail {
  const tags = tagsOf(reader, image);
  const pull = reader.get(imagePullKind, image.key);
  const { storageClass, archivedAt, activatedAt } = storageOf(reader, image);
  const { spec } = image;
  return {
    registryId: repository.account,
    repositoryName: repository.repositoryName,
    imageDigest: spec.digest,
    ...(tags.length === 0 ? {} : { imageTags: tags }),
    imageSizeInBytes: spec.imageSizeInBytes,
    imagePushedAt: new Date(spec.pushedAt),
    imageManifestMediaType: spec.mediaType,
    ...(spec.artifactMediaType === undefined ? {} : { artifactMediaType: spec.artifactMediaType }),
    ...(spec.subject === undefined ? {} : { subjectManifestDigest: spec.subject }),
    ...scanSummaryOf(reader, image),
    ...(pull === undefined ? {} : { lastRecordedPullTime: new Date(pull.spec.pulledAt) }),
    imageStatus: storageClass === 'ARCHIVE' ? 'ARCHIVED' : 'ACTIVE',
    ...(archivedAt === undefined ? {} : { lastArchivedAt: new Date(archivedAt) }),
    ...(activatedAt === undefined ? {} : { lastActivatedAt: new Date(activatedAt) }),
  };
}
