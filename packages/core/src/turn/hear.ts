import { chooseFiles } from '../files/choose.ts';
import { checkFiles, keepFile, unseen } from '../files/keep.ts';
import { waitingMessages } from '../inbox/holder.ts';
import { droppedSettings } from '../model/effort.ts';
import type { MessageRecord, Rec, StepRecord, StoredFile } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import type { State } from '../state/state.ts';
import { entryOf } from '../state/state.ts';
import { userMessage } from '../state/transcript.ts';
import type { TurnContext } from './context.ts';
import { lastMessage } from './outcome.ts';
import type { Said } from './said.ts';

/** Before a model call, and before a turn ends: the messages that steer it become part of it. True if there were any. */
export async function takeSteering(context: TurnContext): Promise<boolean> {
  const steering = (await waitingMessages(context.live)).filter(({ mode }) => mode === 'steer');
  // A turn that runs keeps its limits, and what it is to give.
  if (steering.length > 0)
    await hear(
      context,
      steering.map(({ budget: _budget, output: _output, ...said }) => said),
    );
  return steering.length > 0;
}

/**
 * Stores what the user says in this turn, first or later; what waited in the inbox leaves it. INVALID_INPUT, with nothing stored, for files that
 * the model could never be sent; a message that waited has nobody to hear that, so words stand for such a file.
 */
export async function hear(context: TurnContext, said: readonly Said[]): Promise<void> {
  const { live, handle, runtime, model } = context;
  for (const { waited, files = [] } of said) if (waited !== true) checkFiles(files, model);
  const at = isoNow(runtime.clock);
  const records: MessageRecord[] = [];
  for (const { key, text, files, output, effort, budget } of said) {
    const attachments: StoredFile[] = [];
    for (const file of files ?? []) attachments.push(await keepFile(live, runtime, file));
    records.push({
      type: 'message',
      id: runtime.ids('message'),
      role: 'user',
      content: text,
      timestamp: at,
      turn: handle.id,
      ...(key !== undefined && { key }),
      ...(attachments.length > 0 && { attachments }),
      ...(output !== undefined && { output }),
      ...(effort !== undefined && { effort }),
      ...(budget !== undefined && { budget }),
    });
  }
  const warnings = said.flatMap(({ effort, files = [] }) => [
    ...unseen(files, model),
    ...(effort === undefined ? [] : droppedSettings(model.name, model.info, { effort })),
  ]);
  if (roomWasMade(live.state, records, context))
    warnings.push('Older attachments made room: the model is only told of them now.');
  await live.append([...records, ...warnings.map((message): Rec => ({ type: 'warning', at, message }))]);
  const keys = said.flatMap(({ key }) => key ?? []);
  if (keys.length > 0) await live.inbox.drop(keys);
  for (const record of records) live.events.emit('message', userMessage(record));
  for (const message of warnings) live.events.emit('warning', { message });
}

/** Whether older files leave the requests because of those that come now. */
function roomWasMade(state: State, records: readonly MessageRecord[], { model }: TurnContext): boolean {
  if (!records.some(({ attachments }) => attachments !== undefined)) return false;
  const after = [...state.entries, ...records.map((record, i) => entryOf(state.seq + 1 + i, record))];
  return chooseFiles(after, state, model.info.capabilities).from > state.seq;
}

/** Listeners hear of a message once it is stored. */
export function told({ live }: TurnContext, step: StepRecord): void {
  live.events.emit('message', lastMessage(live.state, step));
  if (step.usage !== undefined) live.events.emit('token_usage', { ...step.usage, session: live.state.usage });
}
