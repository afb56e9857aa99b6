import type { Effort, ModelInfo } from '../contracts/model.ts';
import type { Settings } from '../records/types.ts';
import type { State } from '../state/state.ts';

/** The effort that a request asks for: the turn's before the session's, and only one that the model takes. */
export function effortOf(
  { open, settings }: Pick<State, 'open' | 'settings'>,
  { capabilities }: ModelInfo,
): Effort | undefined {
  const wanted = open?.effort ?? settings.effort;
  return wanted !== undefined && capabilities.effort.includes(wanted) ? wanted : undefined;
}

/** Anthropic's models refuse a temperature other than 1 while they are told to think. */
export function takesTemperature({ capabilities }: ModelInfo, effort: Effort | undefined): boolean {
  const thinks = capabilities.rules === 'anthropic' && effort !== undefined && effort !== 'none';
  return capabilities.temperature && !thinks;
}

/** For people: which of these settings are not sent, and why. */
export function droppedSettings(name: string, info: ModelInfo, { temperature, effort }: Settings): string[] {
  const levels = info.capabilities.effort;
  const dropped: string[] = [];
  if (effort !== undefined && !levels.includes(effort)) {
    const takes = levels.length === 0 ? 'no effort' : `the efforts ${levels.join(', ')}`;
    dropped.push(`${name} takes ${takes}, so "${effort}" is not sent.`);
  }
  if (temperature === undefined) return dropped;
  if (!info.capabilities.temperature) dropped.push(`${name} takes no temperature, so none is sent.`);
  else if (!takesTemperature(info, effortOf({ settings: { effort } as Settings }, info)))
    dropped.push(`${name} takes no temperature while it thinks, so none is sent.`);
  return dropped;
}
