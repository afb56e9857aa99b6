import type { LanguageModelV4CallOptions, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { RequestFacts } from '../contracts/hooks.ts';
import type { Asking, Prepared } from '../tools/prepare.ts';
import { jsonSafe } from '../tools/json-safe.ts';
import type { Ran } from '../tools/execute.ts';
import { cut } from '../tools/execute.ts';
import type { TurnContext } from '../turn/context.ts';

/** The request as it leaves: with what the program's hook adds. */
export async function withAdditions<R extends LanguageModelV4CallOptions>(
  context: TurnContext,
  request: R,
  { purpose, attempt }: Pick<RequestFacts, 'purpose' | 'attempt'>,
): Promise<R> {
  const { live, handle, model, runtime, signal } = context;
  const facts = (): RequestFacts => ({
    session: live.id,
    turn: handle.id,
    model: model.name,
    purpose,
    step: (live.state.open?.steps ?? 0) + 1,
    attempt,
    messages: request.prompt.length,
    tools: (request.tools ?? []).map(({ name }) => name),
  });
  const { headers, providerOptions } = await runtime.hooks.beforeRequest(facts, signal);
  return {
    ...request,
    ...(headers !== undefined && { headers: { ...headers, ...request.headers } }),
    ...(providerOptions !== undefined && { providerOptions: merged(providerOptions, request.providerOptions) }),
  };
}

function merged(added: SharedV4ProviderOptions, own: SharedV4ProviderOptions = {}): SharedV4ProviderOptions {
  const names = new Set([...Object.keys(added), ...Object.keys(own)]);
  return Object.fromEntries([...names].map((name) => [name, { ...added[name], ...own[name] }]));
}

/** What a hook hears about, whoever runs it. */
type Subject = Pick<Prepared, 'input' | 'access'> & { readonly call: { id: string }; readonly tool: { name: string } };

/** Why the program's hook is against a call. */
export function objection(context: TurnContext, call: Subject | Asking): Promise<string | undefined> {
  const prepared = 'prepared' in call ? call.prepared : call;
  return context.runtime.hooks.beforeTool(() => callFacts(context, prepared), context.signal);
}

/** What a call gave, shown as the program's hook wants it. */
export async function afterwards(context: TurnContext, prepared: Prepared, ran: Ran): Promise<Ran> {
  const { result, error, shown } = ran;
  const facts = () => ({
    ...callFacts(context, prepared),
    result: structuredClone(result),
    ...(error !== undefined && { error }),
    ...(shown !== undefined && { shown }),
  });
  const instead = await context.runtime.hooks.afterTool(facts, context.signal);
  if (instead === undefined) return ran;
  // The text stands for all that the model would see, files too.
  const { attachments: _attachments, ...rest } = ran;
  return { ...rest, shown: cut(instead) };
}

function callFacts({ live, handle }: TurnContext, { call, tool, input, access }: Subject) {
  return {
    session: live.id,
    turn: handle.id,
    call: call.id,
    tool: tool.name,
    input: jsonSafe(input),
    access: structuredClone(access),
  };
}
