export interface StepText {
  add(piece: string): void;
  /** The text of this step counts up to `offset` only; what follows takes the place of the rest. */
  reset(offset: number): void;
  /** The step's text is whole; what was held back is written. */
  over(): void;
}

/**
 * The text of the step in flight, which a retry may take back. What a second attempt repeats isn't written twice; where it
 * says something else, `replaced` is called and its text is written whole. With `late` a step is written when it is over.
 */
export function createStepText(to: {
  readonly write: (text: string) => void;
  readonly replaced: () => void;
  readonly late: boolean;
}): StepText {
  let valid = '';
  /** What the reader has seen, while that is not what holds. */
  let stale: string | undefined;
  let base = 0;

  const settle = (whole: boolean): void => {
    if (stale === undefined) return;
    const repeated = valid.startsWith(stale);
    if (!repeated && !whole && stale.startsWith(valid)) return;
    if (!repeated) to.replaced();
    const rest = valid.slice(repeated ? stale.length : base);
    stale = undefined;
    to.write(rest);
  };

  return {
    add(piece) {
      valid += piece;
      if (to.late) return;
      if (stale === undefined) to.write(piece);
      else settle(false);
    },
    reset(offset) {
      if (!to.late) stale ??= valid;
      base = offset;
      valid = valid.slice(0, offset);
    },
    over() {
      if (to.late) to.write(valid);
      else settle(true);
      valid = '';
      base = 0;
    },
  };
}
