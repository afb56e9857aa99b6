import { define, one } from '../define.ts';
import { CHANGE, TREE } from '../options.ts';

const rewind = define({
  name: 'session rewind',
  summary: 'Go on from before a message of yours: it and all that followed is taken back. Prints the message.',
  details: `Nothing is lost: "session show" still shows what was taken back, "session undo" brings it back, and
"session fork --from" goes on with it in a copy. Edits and deletions of earlier messages stay. Files that tools wrote stay as they
are: those are git's to take back.`,
  operands: { usage: 'ID MESSAGE', min: 2, max: 2 },
  options: CHANGE,
  examples: [
    ['reprise session rewind ID MESSAGE', 'MESSAGE is an id that "session show" prints'],
    ['reprise session rewind ID MESSAGE > prompt.txt', 'to say it in other words'],
  ],
  load: async () => (await import('./history.ts')).rewind,
});

const undo = define({
  name: 'session undo',
  summary: 'Take back what was last done to a session: an exchange, an edit, a deletion, a prune, a clear or a rewind.',
  operands: one,
  options: CHANGE,
  examples: [
    ['reprise session undo ID', 'again and again, back to its beginning'],
    ['reprise session undo ID --json | jq -r .message.content', 'what you had said'],
  ],
  load: async () => (await import('./history.ts')).undo,
});

const redo = define({
  name: 'session redo',
  summary: 'Take the last undo back, until something new is done.',
  operands: one,
  options: CHANGE,
  examples: [['reprise session redo ID', '']],
  load: async () => (await import('./history.ts')).redo,
});

const tree = define({
  name: 'session tree',
  summary: 'Draw the family of a session: copies, with the message at which each was taken, and sub-sessions.',
  operands: one,
  options: TREE,
  examples: [
    ['reprise session tree ID', 'from the session at the top; a star marks ID'],
    ["reprise session tree ID --json | jq -r '.items[].id'", 'the ids of all of them'],
  ],
  load: async () => (await import('./tree.ts')).tree,
});

/** Commands on what was done to a conversation, and on what became of its copies. */
export const SESSION_HISTORY = { rewind, undo, redo, tree } as const;
