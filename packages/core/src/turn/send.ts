import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { withAdditions } from '../hooks/turn.ts';
import type { RequestFacts } from '../contracts/hooks.ts';
import type { Accumulator } from '../model/accumulate.ts';
import type { TurnContext } from './context.ts';
import { streamInto } from './stream.ts';

/** One request of a turn to its model, with what the program's hook adds, into the accumulator. Rejects as `streamInto` does. */
export async function send(
  context: TurnContext,
  accumulator: Accumulator,
  request: LanguageModelV4CallOptions,
  about: Pick<RequestFacts, 'purpose' | 'attempt'>,
  stopSequences?: readonly string[],
): Promise<void> {
  const { model, signal, runtime } = context;
  await streamInto(accumulator, model, await withAdditions(context, request, about), signal, runtime, stopSequences);
}
