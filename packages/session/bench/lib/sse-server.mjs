/**
 * A server of its own process: answers `/N/v1/messages` as Anthropic does, with N text deltas, ten to a write. Sends its address to whoever
 * forked it, and ends with them.
 */
import { createServer } from 'node:http';

const event = (type, data) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const usage = { input_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };
const message = { id: 'msg', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, usage };
const before =
  event('message_start', { message }) +
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
const delta = event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'word ' } });
const after =
  event('content_block_stop', { index: 0 }) +
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage }) +
  event('message_stop', {});

const server = createServer(async (request, response) => {
  request.resume();
  const deltas = Number(request.url?.split('/')[1]);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(before);
  for (let sent = 0; sent < deltas; sent += 10) {
    if (!response.write(delta.repeat(Math.min(10, deltas - sent))))
      await new Promise((go) => response.once('drain', go));
  }
  response.end(after);
});
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${server.address().port}`));
process.once('disconnect', () => process.exit());
