// Reads the Range and Content-Range headers. Pure.

export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/**
 * The one range of a Range header within `size` bytes (RFC 9110, section 14.2). Undefined where the whole is to be sent:
 * no header, another unit, malformed, or several ranges, which a server may ignore.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const suffix = Math.min(Number(last), size);
    return suffix === 0 ? 'unsatisfiable' : { start: size - suffix, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/** The Content-Range of an upload's chunk, `<start>-<end>` (OCI distribution spec 1.1, "Pushing a blob in chunks"). */
export function parseContentRange(header: string): ByteRange | undefined {
  const [, start, end] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header) ?? [];
  const range = { start: Number(start), end: Number(end) };
  return start === undefined || range.end < range.start ? undefined : range;
}
