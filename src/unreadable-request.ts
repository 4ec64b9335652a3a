// Answers what cannot be read as HTTP: no request, too long a head, one that never ends.
import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from '#kernel/http.ts';
import type { Socket } from 'node:net';

export interface UnreadableRequest {
  readonly error: NodeJS.ErrnoException;
  readonly socket: Socket;
  /** The reply to the last request that could be read. */
  readonly response: ServerResponse | undefined;
  readonly requestId: string;
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers and ends the connection; gives the status, or undefined where nobody is there to be told. */
export function answerUnreadable({ error, socket, response, requestId }: UnreadableRequest): number | undefined {
  // A second answer in the middle of one that is under way would be taken for a part of it; what is written still goes out.
  const midway = response !== undefined && response.headersSent && !response.writableFinished;
  if (midway || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroySoon();
    return undefined;
  }
  const status = statuses[error.code ?? ''] ?? 400;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `x-amzn-requestid: ${requestId}`,
    'content-length: 0',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n`, () => socket.destroy());
  return status;
}
