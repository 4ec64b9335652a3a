// The API's operations on scans: asking for one, and reading what it found.
import type { Operations } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Finding, Scanner } from '#drivers/scanner.ts';
import type { Store } from '#kernel/store.ts';
import { repositoryIn, requireImage } from '#services/ecr/image-records.ts';
import { blobNamespace } from '#services/ecr/keys.ts';
import { scanKind } from './kinds.ts';
import { pageLimit } from '#services/ecr/limits.ts';
import { readBlob } from '#services/ecr/read-blob.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { describeFinding, describeResult, describeStatus } from './describe-scan.ts';
import { mediaTypeNotScannable, noScanner, scanNotFound, scanQuotaExceeded } from './errors.ts';
import { isScannable, isScannedToday, requestScan } from './plan-scan.ts';

interface Parts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly scanner: Scanner;
}

export function scanOperations(parts: Parts): Operations<'ecr'> {
  return { ...startImageScan(parts), ...describeImageScanFindings(parts) };
}

function startImageScan({ store, scanner }: Parts): Operations<'ecr'> {
  return {
    StartImageScan: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        const id = input.imageId ?? {};
        const isInstalled = (await scanner.version()) !== undefined;
        const image = await store.write((tx) => {
          const found = requireImage(tx, repositoryIn(tx, name), id);
          if (!isScannable(found.spec)) throw mediaTypeNotScannable(found.spec.mediaType);
          if (!isInstalled) throw noScanner();
          if (isScannedToday(tx, found, context.now)) throw scanQuotaExceeded();
          requestScan(tx, found, context.now);
          return found;
        });
        return {
          registryId: name.scope.account,
          repositoryName: name.repositoryName,
          imageId: { ...id, imageDigest: image.spec.digest },
          imageScanStatus: { status: 'PENDING' },
        };
      },
    },
  };
}

function describeImageScanFindings({ store, blobs }: Parts): Operations<'ecr'> {
  return {
    DescribeImageScanFindings: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        const id = input.imageId ?? {};
        const limit = pageLimit(input.maxResults);
        const { image, status } = store.read((reader) => {
          const found = requireImage(reader, repositoryIn(reader, name), id);
          const scan = reader.get(scanKind, found.key);
          if (scan === undefined) throw scanNotFound(id, name);
          return { image: found, status: scan.status };
        });
        await store.durable();
        const answer = {
          registryId: name.scope.account,
          repositoryName: name.repositoryName,
          imageId: { ...id, imageDigest: image.spec.digest },
          imageScanStatus: describeStatus(status),
        };
        if (status.state !== 'COMPLETE') return answer;
        const report = await readBlob(blobs, blobNamespace(name.scope), status.report);
        const findings = (JSON.parse(report.toString('utf8')) as Finding[]).map((finding, at) => ({ finding, at }));
        const keyOf = ({ at }: { readonly at: number }) => String(at).padStart(8, '0');
        const page = context.page(findings, keyOf, { token: input.nextToken, limit });
        const found = page.items.map(({ finding }) => describeFinding(finding));
        return {
          ...answer,
          imageScanFindings: { ...describeResult(status), findings: found },
          nextToken: page.nextToken,
        };
      },
    },
  };
}
