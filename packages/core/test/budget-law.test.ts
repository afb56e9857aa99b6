import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Limits } from '../src/contracts/usage.ts';
import type { RepriseError } from '../src/errors.ts';
import type { Beat, Answer } from './support/model.ts';
import { call, httpError, scripted, text } from './support/model.ts';
import { PRICE, took } from './support/priced.ts';
import { infoOf, stage, tool } from './support/stage.ts';

/*
 * The law of budgets. What was spent goes over a limit at most by what the calls that ran at that moment took beyond what was reserved for
 * them: by an answer longer than `maxOutputTokens`, or by a request of more tokens than the estimate with its margin. A model that keeps to
 * both keeps every limit. It holds over steps, tries again, fallbacks, summaries, sub-sessions and restarts.
 */

/** What a model call does. `output` and `input` are shares of what it may say and of what its request is estimated at; above 1, it breaks its bounds. */
const act = fc.record({
  kind: fc.constantFrom('say', 'call', 'spawn', 'fail', 'break', 'refuse'),
  output: fc.double({ min: 0, max: 1, noNaN: true }),
  input: fc.double({ min: 0, max: 1.1, noNaN: true }),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

const limits = fc.record(
  {
    maxSteps: fc.integer({ min: 1, max: 12 }),
    maxTokens: fc.integer({ min: 1, max: 12_000 }),
    maxCost: fc.double({ min: 0.001, max: 12, noNaN: true }),
  },
  { requiredKeys: [] },
);

const runs = { numRuns: Number(process.env['REPRISE_RUNS'] ?? 80), seed: Number(process.env['REPRISE_SEED'] ?? 1) };

interface Excess {
  tokens: number;
}

/** Plays a life of a few turns, with a restart between them; gives what was spent and by how much calls went beyond their bounds. */
async function live(acts: readonly Act[], budget: { turn: Limits; session: Limits }, rude: boolean) {
  const info = infoOf({ price: PRICE, maxOutputTokens: 1000, contextWindow: 6000 });
  const left = [...acts];
  const excess: Excess = { tokens: 0 };
  let n = 0;
  let spent = 0;
  const answer: Answer = ({ prompt, maxOutputTokens = 1000 }) => {
    const { kind, output, input } = left.shift() ?? { kind: 'say', output: 0, input: 0 };
    n += 1;
    // The estimate of the request, near enough: what is asked must not be more than the engine reckons with.
    const asked = Math.floor(estimate(prompt) * input);
    const over = rude ? 700 : 0;
    const said = Math.floor(maxOutputTokens * output) + over;
    const counted = took({ input: asked, output: said }, kind === 'call' || kind === 'spawn' ? 'tool-calls' : 'stop');
    if (kind === 'refuse') return httpError(503, 'down');
    spent += asked + said;
    excess.tokens += over;
    const words = text('So it is. ');
    const beats: Record<Exclude<Act['kind'], 'refuse'>, Beat[]> = {
      say: [...words, counted],
      call: [...words, call(`c${n}`, 'look', { n }), counted],
      spawn: [...words, call(`c${n}`, 'agent', { n }), counted],
      fail: [...words, { type: 'error', error: httpError(503, 'down') }, took({ input: asked, output: said }, 'error')],
      break: [
        ...words,
        { type: 'error', error: httpError(529, 'overloaded') },
        took({ input: asked, output: said }, 'error'),
      ],
    };
    return beats[kind];
  };
  const model = scripted(Array.from({ length: 500 }, () => answer));
  const agent = tool('agent', {
    run: async (_input, context) => (await context.spawn({ prompt: 'Do a part of it.' }).outcome()).status,
  });
  const models = { resolve: async (name: string) => ({ requested: name, name, model, info }) };
  const theatre = stage({ models, tools: [tool('look'), agent] }, info);
  const session = await theatre.sessions.create({
    model: 'test/model',
    fallbackModels: ['test/other'],
    pruneStrategy: 'summarize',
    pruneThreshold: 0.3,
    budget,
  });
  const outcomes = [];
  let sessions = theatre.sessions;
  for (let i = 0; i < 3; i += 1) {
    const before = spent;
    const handle = await sessions.resume(session.id);
    const outcome = await theatre.clock.drive(handle.turn(`Go on, please. ${'And on. '.repeat(40)}`).outcome());
    outcomes.push({ outcome, spent: spent - before });
    sessions = theatre.restart().sessions;
  }
  return { usage: await sessions.usage(session.id), outcomes, spent, excess };
}

/** Fewer tokens than the engine reckons with: letters and digits alone, without margin. */
function estimate(prompt: readonly unknown[]): number {
  return JSON.stringify(prompt).replace(/[^a-z]/gi, '').length * 0.22;
}

const DUST = 1e-6;

test('calls that keep to their bounds keep every limit, of a turn and of a session', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), limits, limits, async (acts, turn, session) => {
      const { usage, outcomes, spent } = await live(acts, { turn, session }, false);
      const { total } = usage.all;
      expect(total.total).toBe(spent);
      expect(total.calls).toBeLessThanOrEqual(session.maxSteps ?? Infinity);
      expect(total.total).toBeLessThanOrEqual(session.maxTokens ?? Infinity);
      expect(total.cost).toBeLessThanOrEqual((session.maxCost ?? Infinity) + DUST);
      for (const { outcome, spent: own } of outcomes) {
        expect(own).toBeLessThanOrEqual(turn.maxTokens ?? Infinity);
        expect(own / 1000).toBeLessThanOrEqual((turn.maxCost ?? Infinity) + DUST);
        if (outcome.error?.code !== 'BUDGET_EXCEEDED') continue;
        const { limit, of, max } = (outcome.error as RepriseError).details as {
          limit: 'maxSteps' | 'maxTokens' | 'maxCost';
          of: 'turn' | 'session';
          max: number;
        };
        expect({ turn, session }[of][limit]).toBe(max);
      }
    }),
    runs,
  );
});

test('calls that say more than they may go over a limit by no more than that', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), limits, limits, async (acts, turn, session) => {
      const { usage, outcomes, spent } = await live(acts, { turn, session }, true);
      // Nothing runs side by side here, so only the last call of all may have gone over.
      const most = 700;
      expect(usage.all.total.total).toBe(spent);
      expect(spent).toBeLessThanOrEqual((session.maxTokens ?? Infinity) + most);
      expect(spent / 1000).toBeLessThanOrEqual((session.maxCost ?? Infinity) + most / 1000 + DUST);
      for (const { spent: own } of outcomes) expect(own).toBeLessThanOrEqual((turn.maxTokens ?? Infinity) + most);
    }),
    runs,
  );
});
