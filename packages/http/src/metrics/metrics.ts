import type { Outcome, Turn } from '@reprise/core';
import { Counter, Histogram, gauge } from './series.ts';

/** Seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Answered {
  readonly operation: string | undefined;
  readonly method: string;
  readonly status: number;
  readonly ms: number;
}

/** What the server does at the moment. */
export interface Load {
  readonly sessions: number;
  readonly running: number;
  readonly waiting: number;
  readonly streams: number;
  /** Seconds. */
  readonly lag: number | undefined;
}

/** What a server counts, in the text format of Prometheus. Labels take their values from lists that the program knows, never from a request. */
export class Metrics {
  readonly #requests = new Counter('reprise_http_requests_total', 'Requests that were answered.');
  readonly #seconds = new Histogram(
    'reprise_http_request_duration_seconds',
    'Time from a request to the beginning of its answer.',
    BOUNDS,
  );
  readonly #turns = new Counter('reprise_turns_total', 'Turns that ended.');
  readonly #below = new Counter('reprise_sub_sessions_total', 'Sub-sessions of tool calls that ended.');
  readonly #tokens = new Counter('reprise_tokens_total', 'Tokens of the model calls of turns and their sub-sessions.');
  readonly #calls = new Counter('reprise_tool_calls_total', 'Tool calls that have a result.');
  readonly #retries = new Counter('reprise_model_retries_total', 'Model calls that were made again.');
  readonly #tools: ReadonlySet<string>;

  constructor(tools: readonly string[] = []) {
    this.#tools = new Set(tools);
  }

  answered({ operation = 'none', method, status, ms }: Answered): void {
    const known = METHODS.has(method) ? method : 'other';
    this.#requests.add({ operation, method: known, status });
    this.#seconds.add({ operation }, ms / 1000);
  }

  /**
   * Counts what a turn does, with what is below it. One that turns out to be a part of another is counted there, and a message that was refused is no
   * turn. `begun`: it had begun before anybody could listen.
   */
  watch(turn: Turn, begun = false, ends = this.#turns): void {
    let joined = false;
    turn.once('start', () => (begun = true));
    turn.on('spawn', ({ turn: below }) => this.watch(below, true, this.#below));
    turn.on('joined', () => (joined = true));
    turn.on('tool_result', ({ tool, error }) => {
      if (joined) return;
      this.#calls.add({ tool: this.#tools.has(tool) ? tool : 'other', outcome: error === undefined ? 'ok' : 'error' });
    });
    turn.on('reset', ({ reason }) => {
      if (!joined && reason === 'retry') this.#retries.add({});
    });
    turn.on('end', (outcome) => {
      if (!joined && (begun || outcome.status !== 'failed')) this.#ended(outcome, ends);
    });
  }

  #ended({ status, usage: { input, output, cached, reasoning } }: Outcome, ends: Counter): void {
    ends.add({ status });
    for (const [kind, tokens] of Object.entries({ input, output, cached, reasoning }))
      this.#tokens.add({ kind }, tokens);
  }

  text({ sessions, running, waiting, streams, lag }: Load): string {
    return [
      this.#requests.text(),
      this.#seconds.text(),
      this.#turns.text(),
      this.#below.text(),
      this.#tokens.text(),
      this.#calls.text(),
      this.#retries.text(),
      gauge('reprise_turns', 'Turns that run, and messages that wait for theirs.', [
        [{ state: 'running' }, running],
        [{ state: 'waiting' }, waiting],
      ]),
      gauge('reprise_streams', 'Event streams that are open.', [[{}, streams]]),
      gauge('reprise_sessions_open', 'Sessions that are kept open.', [[{}, sessions]]),
      lag === undefined
        ? ''
        : gauge('reprise_event_loop_lag_seconds', 'How late the event loop was at worst since the last look.', [
            [{}, lag],
          ]),
    ].join('');
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
