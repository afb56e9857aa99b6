import { estimateTokens } from '../context/estimate.ts';
import type { ResolvedModel } from '../contracts/model.ts';
import type { TurnUsage } from '../contracts/turn.ts';
import type { Response } from '../model/accumulate.ts';
import { priced, unreported } from '../model/price.ts';
import type { Spent, Unreported } from '../records/types.ts';

/** What a model call took, as its provider counted it; and about how much it was beside that, where the answer was cut before it was counted. */
export interface Took {
  readonly usage?: TurnUsage;
  readonly unreported?: Unreported;
}

/** `input`: tokens of the request, about. A call that was refused took nothing. */
export function tookBy(response: Response, { info }: ResolvedModel, input: number): Took {
  const { finish, begun, content, calls, parts = [] } = response;
  if (finish?.counted === true) return { usage: priced(finish.usage, info.price) };
  const counted = begun === undefined ? finish?.usage : priced(begun, info.price);
  const usage = counted === undefined ? {} : { usage: counted };
  if (content === '' && calls.length === 0 && parts.length === 0) return usage;
  const said = [content, ...calls.map((call) => call.tool + call.input), ...parts.map(textOf)];
  const output = said.reduce((sum, text) => sum + estimateTokens(text), 0);
  return { ...usage, unreported: unreported(begun === undefined ? input : 0, output, info.price) };
}

export function spentBy(model: ResolvedModel, took: Took): Spent {
  return { model: model.name, ...took };
}

/** What the content and the calls don't hold. */
function textOf(part: NonNullable<Response['parts']>[number]): string {
  if (part.type === 'text' || part.type === 'tool-call') return '';
  return part.type === 'reasoning' ? part.text : JSON.stringify(part);
}
