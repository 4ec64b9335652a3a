// A program: the barest node:http server, which reads each request to its end and answers with a constant of a given length. What is
// measured against it is what Berth adds; where it is no faster than Berth, the client is what was measured.
import { createServer } from 'node:http';

const [port, answerBytes] = process.argv.slice(2).map(Number);
const body = Buffer.alloc(answerBytes, 'x');
const headers = { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.byteLength };

createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200, headers).end(body));
}).listen(port, '127.0.0.1');
