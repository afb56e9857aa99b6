import { z } from 'zod';
import { chatSession, findChat } from '../chat/chats.ts';
import { chatMessages, goOn, takeBack, turnChunks, turnSaying } from '../chat/turns.ts';
import { UiChunks } from '../chat/ui-chunks.ts';
import { answersIn, saidIn, uiMessages } from '../chat/ui-messages.ts';
import type { ServerContext } from '../context.ts';
import { Refusal } from '../guard/body.ts';
import type { Principal } from '../options.ts';
import { KEY } from '../idempotency.ts';
import type { Route } from '../route.ts';
import { json, noContent, route } from '../route.ts';
import { sessionId } from '../schemas/common.ts';
import { sendMessage } from '../turns/send.ts';

const chatId = z.string().min(1).max(200).describe('The id of a chat, as its client made it up, or of a session.');
const chatParams = z.object({ id: chatId });

/** Times the usual limit: the clients send the whole chat, with its files. */
const LARGE = 64;

const uiPart = z.looseObject({ type: z.string() });
const uiMessage = z
  .looseObject({ id: z.string(), role: z.enum(['system', 'user', 'assistant']), parts: z.array(uiPart) })
  .meta({ id: 'UiMessage', description: 'A message as the AI SDK shows it.' });

/** What `DefaultChatTransport` of the AI SDK sends; what else is in it is the page's own. */
const chatBody = z.looseObject({
  id: chatId,
  messages: z.array(uiMessage).min(1).describe('The whole chat; what is new is its last message.'),
  trigger: z.enum(['submit-message', 'regenerate-message']).default('submit-message'),
  messageId: z.string().optional().describe('The message that is written anew or answered anew.'),
});

const uiChunk = uiPart.meta({
  id: 'UiChunk',
  description: 'A part of the UI message stream of the AI SDK, version 1.',
});
const stream = { description: 'The answer.', stream: { type: 'text/event-stream', schema: uiChunk } };

/** The AI SDK's clients (`useChat` with `DefaultChatTransport`) as they are. */
export const chatRoutes: readonly Route[] = [
  route(
    {
      id: 'answerChat',
      method: 'POST',
      path: '/v1/chat',
      tag: 'chat',
      summary: 'Answer the last message of a chat, as a UI message stream.',
      description:
        'A chat is a session: the one of its id, or one that its first message makes. Approvals that the last message answers go on with the turn ' +
        'that waited; `regenerate-message` and a message that is written anew take back what they replace. A client that goes stops nothing.',
      scope: 'write',
      body: chatBody,
      largeBody: LARGE,
      answers: { 200: stream },
      errors: ['SESSION_BUSY', 'CONFLICT', 'MODEL_NOT_FOUND', 'AUTH', 'RATE_LIMIT', 'OVERLOADED', 'PROVIDER'],
    },
    ({ body, size, request, principal }, context) => {
      const last = body.messages.at(-1);
      const answers = last?.role === 'assistant' ? answersIn(last.parts) : [];
      return answers.length > 0
        ? answered(context, body.id, answers, principal)
        : said(context, body, size, request.signal);
    },
  ),
  route(
    {
      id: 'resumeChat',
      method: 'GET',
      path: '/v1/chat/{id}/stream',
      tag: 'chat',
      summary: 'The answer that is under way, from its beginning.',
      scope: 'read',
      params: chatParams,
      answers: { 200: stream, 204: { description: 'None is.' } },
      errors: [],
    },
    async ({ params: { id: chat } }, context) => {
      const session = await findChat(context, chat);
      const open = session?.open;
      if (session === undefined || open === undefined) return noContent();
      const { sessions, streams } = context;
      const chunks = new UiChunks(session.id, open.turn);
      return marked(streams.answer((signal) => turnChunks(sessions, session.id, chunks, open.seq - 1, signal)));
    },
  ),
  route(
    {
      id: 'getChat',
      method: 'GET',
      path: '/v1/chat/{id}',
      tag: 'chat',
      summary: 'The messages of a chat, for a page that is loaded again.',
      scope: 'read',
      params: chatParams,
      answers: {
        200: {
          description: 'The newest thousand; none of a chat that has not begun.',
          schema: z.object({ id: chatId, session: sessionId.optional(), messages: z.array(uiMessage) }),
        },
      },
      errors: [],
    },
    async ({ params: { id: chat } }, context) => {
      const session = await findChat(context, chat);
      if (session === undefined) return json({ id: chat, messages: [] });
      return json({
        id: chat,
        session: session.id,
        messages: await uiMessages(await chatMessages(context.sessions, session.id), session),
      });
    },
  ),
];

/** Goes on with the turn whose questions the chat answers. */
async function answered(
  context: ServerContext,
  chat: string,
  answers: ReturnType<typeof answersIn>,
  principal: Principal | undefined,
): Promise<Response> {
  if (!principal?.scopes.has('approve'))
    throw new Refusal(403, 'This token does not allow “approve”.', 'Use a token with that scope.', 'PERMISSION_DENIED');
  const session = await chatSession(context, chat);
  return marked(context.streams.answer(await goOn(context.sessions, session, answers, principal.name)));
}

/** Answers the user's last message, anew where that is what is wanted. */
async function said(
  context: ServerContext,
  { id: chat, messages, trigger, messageId }: z.output<typeof chatBody>,
  size: number,
  signal: AbortSignal,
): Promise<Response> {
  const { sessions, streams } = context;
  const again = trigger === 'regenerate-message';
  const message = again ? messages.findLast(({ role }) => role === 'user') : messages.at(-1);
  const words = saidIn(message?.role === 'user' ? message.parts : []);
  if (message === undefined || words.isEmpty)
    throw new Refusal(400, 'The last message says nothing.', 'Send a message of the user with a text or a file.');
  const session = await chatSession(context, chat);
  const { id } = session;
  const anew = again || messageId !== undefined;
  const asked = messages.filter(({ role }) => role === 'user').length;
  // What is answered anew is another message than the one that was sent under its id.
  const key = anew || !KEY.test(message.id) ? {} : { key: message.id };
  const first = async (): Promise<void> =>
    takeBack(sessions, session, again ? await turnSaying(sessions, id, words.text) : asked - 1);
  const sending = { input: words.input(session), options: key, body: words.parts, size, ...(anew && { first }) };
  const sent = await sendMessage(context, id, sending, signal);
  return marked(streams.answer((stop) => turnChunks(sessions, id, new UiChunks(id, sent.turn), sent.after, stop)));
}

/** Tells the AI SDK's clients which stream it is. */
function marked(answer: Response): Response {
  answer.headers.set('X-Vercel-AI-UI-Message-Stream', 'v1');
  return answer;
}
