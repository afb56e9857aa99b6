import { expect, test } from 'vitest';
import { openApi } from '../src/openapi.ts';
import { ROUTES } from '../src/routes/all.ts';
import { breaks } from './support/breaks.ts';

/** The description as JSON, to be changed. */
const documentNow = () => JSON.parse(JSON.stringify(openApi(ROUTES)));
type Document = ReturnType<typeof documentNow>;

const sent = ({ paths }: Document) => paths['/v1/sessions/{id}/messages'].post;
const body = (operation: any) => operation.requestBody.content['application/json'].schema;
const event = ({ components }: Document, type: string) =>
  components.schemas.FeedEvent.oneOf.find(({ properties }: any) => properties.type.const === type);

test.each<[string, (document: Document) => unknown]>([
  ['GET /v1/models is gone', ({ paths }) => delete paths['/v1/models'].get],
  ['GET /v1/models is gone', ({ paths }) => delete paths['/v1/models']],
  ['is called other now', (now) => (sent(now).operationId = 'other')],
  ['takes no cursor any more', ({ paths }) => paths['/v1/sessions'].get.parameters.splice(0, 1)],
  ['takes no Idempotency-Key any more', (now) => sent(now).parameters.pop()],
  ['needs who', (now) => sent(now).parameters.push({ name: 'who', in: 'query', required: true })],
  ['needs a body', ({ paths }) => (paths['/v1/sessions'].post.requestBody.required = true)],
  ['body.onAsk is needed', (now) => (body(sent(now)).required = ['onAsk'])],
  ['body.effort is gone', (now) => delete body(sent(now)).properties.effort],
  ['body.onAsk takes no deny any more', (now) => (body(sent(now)).properties.onAsk.enum = ['wait', 'fail'])],
  ['body.content is number now', (now) => (body(sent(now)).properties.content.type = 'number')],
  ['gives no text/event-stream with 200', (now) => delete sent(now).responses[200].content['text/event-stream']],
  ['.title is gone', ({ components }) => delete components.schemas.Session.properties.title],
  ['.model may be absent', ({ components }) => components.schemas.Session.required.splice(1, 1)],
  ['is no reset any more', ({ components }) => components.schemas.FeedEvent.oneOf.pop()],
  ['|turn_end.steps is gone', (now) => delete event(now, 'turn_end').properties.steps],
  ['|text.content is number now', (now) => (event(now, 'text').properties.content.type = 'number')],
])('it is told that %s', (what, change) => {
  const now = documentNow();
  change(now);
  expect(breaks(documentNow(), now)).toEqual(expect.arrayContaining([expect.stringContaining(what)]));
});

test.each<[string, (document: Document) => unknown]>([
  ['nothing', () => undefined],
  ['a path', ({ paths }) => (paths['/v1/new'] = { get: { ...paths['/v1/models'].get, operationId: 'getNew' } })],
  ['a parameter that may be absent', (now) => sent(now).parameters.push({ name: 'who', in: 'query' })],
  ['a field that may be absent', (now) => (body(sent(now)).properties.mood = { type: 'string' })],
  ['a choice', (now) => body(sent(now)).properties.onAsk.enum.push('ignore')],
  ['more of an answer', ({ components }) => (components.schemas.Session.properties.mood = { type: 'string' })],
  ['an event', ({ components }) => components.schemas.FeedEvent.oneOf.push({ properties: { type: { const: 'new' } } })],
])('what is new breaks nobody: %s', (_, change) => {
  const now = documentNow();
  change(now);
  expect(breaks(documentNow(), now)).toEqual([]);
});
