import type { Answer, AskRequest, Asker } from '../contracts/tool.ts';
import { orAborted } from '../session/or-aborted.ts';

/** A person sees one question at a time, whatever waits. */
export class AskerLine {
  readonly #asker: Asker;
  #last: Promise<unknown> = Promise.resolve();

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  /**
   * Asks once those before it have their answer and `then` is done with it. `over`: the question is settled, so nobody needs to be asked any
   * more. An asker that doesn't look at it holds up no other question. `then` gets no answer where the asker gave none; it must not reject.
   */
  ask(request: AskRequest, over: AbortSignal, then: (answer: Answer | undefined) => Promise<void>): void {
    const run = async (): Promise<void> => {
      if (over.aborted) return;
      const asked = async (): Promise<Answer> => this.#asker(request, over);
      const answer = await orAborted(asked(), over).catch(() => undefined);
      if (!over.aborted) await then(answer);
    };
    this.#last = this.#last.then(run);
  }
}
