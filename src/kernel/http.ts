// node:http without what an ES import of it drags in. Such an import reads every member of the module, and http's WebSocket,
// which nobody here wants, is a whole fetch client with TLS: 12 MB of memory.

const http = process.getBuiltinModule('node:http');

export const { Agent, createServer, request, STATUS_CODES } = http;
