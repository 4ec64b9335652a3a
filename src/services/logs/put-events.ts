// PutLogEvents: what is taken in and what is rejected.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
import type { InputLogEvent, RejectedLogEventsInfo } from '@aws-sdk/client-cloudwatch-logs';
import type { Operations } from '#aws/service.ts';
import type { Store } from '#kernel/store.ts';
import type { EventLogs } from './event-logs.ts';
import { batchTooLarge, invalidParameter, invalidValue, notChronological } from './errors.ts';
import { checkLength } from './limits.ts';
import { groupArn } from './names.ts';
import { requireStream } from './streams.ts';

/** AWS counts 26 bytes for each event beside its message. */
export const eventOverhead = 26;
/** The most bytes of a request's or an answer's events. */
export const batchBytes = 1024 * 1024;
const batchEvents = 10_000;
const hour = 3_600_000;
const newest = 2 * hour;
const oldest = 14 * 24 * hour;

/** The operation. */
export function putEventsOperation(store: Store, eventLogs: EventLogs) {
  return {
    PutLogEvents: {
      // A sequence token is taken and ignored, as AWS has done since 2023.
      accepts: { logGroupName: true, logStreamName: true, logEvents: true, sequenceToken: true },
      resource: (input, context) => groupArn({ ...context, logGroupName: input.logGroupName! }),
      async perform(input, context) {
        const stream = store.read((reader) =>
          requireStream(reader, context, input.logGroupName!, input.logStreamName!),
        );
        const now = context.now.getTime();
        const sorted = sortOut(input.logEvents!, now);
        const log = await eventLogs.open(stream.journal);
        if (sorted.accepted.length > 0) await log.append(sorted.accepted.map((event) => toStored(event, now)));
        await store.durable();
        return { nextSequenceToken: String(log.summary().count + 1), rejectedLogEventsInfo: sorted.rejected };
      },
    },
  } satisfies Operations<'logs'>;
}

function toStored(event: InputLogEvent, ingestionTime: number) {
  return { timestamp: event.timestamp!, ingestionTime, message: event.message! };
}

interface SortedOut {
  readonly accepted: readonly InputLogEvent[];
  readonly rejected: RejectedLogEventsInfo | undefined;
}

/** Which events of a batch are kept. Throws where the batch as a whole breaks AWS's limits. */
function sortOut(events: readonly InputLogEvent[], now: number): SortedOut {
  checkLength(events, 'logEvents', batchEvents);
  const blank = events.findIndex(({ message }) => message === '');
  if (blank !== -1) {
    const member = `logEvents.${blank + 1}.member.message`;
    throw invalidValue('', member, 'Member must have length greater than or equal to 1');
  }
  const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(event.message!) + eventOverhead, 0);
  if (bytes > batchBytes) throw batchTooLarge(bytes, batchBytes);
  if (events.some((event, index) => index > 0 && event.timestamp! < events[index - 1]!.timestamp!)) {
    throw notChronological();
  }
  if (events.length > 0 && events.at(-1)!.timestamp! - events[0]!.timestamp! > 24 * hour) {
    throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
  }
  const firstKept = events.findIndex((event) => event.timestamp! >= now - oldest);
  const tooOld = firstKept === -1 ? events.length : firstKept;
  const firstTooNew = events.findIndex((event) => event.timestamp! > now + newest);
  const tooNew = firstTooNew === -1 ? events.length : firstTooNew;
  const rejected = {
    ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
    ...(tooNew < events.length && { tooNewLogEventStartIndex: tooNew }),
  };
  return {
    accepted: events.slice(tooOld, tooNew),
    rejected: Object.keys(rejected).length > 0 ? rejected : undefined,
  };
}
