import { toolError } from '../io/errors.ts';
import { MAX_LINE } from '../io/limits.ts';
import { Redactor, knownSecrets } from '../io/secrets.ts';
import type { Secret } from '../io/secrets.ts';
import type { Settings } from '../options.ts';

/** The secrets known at this moment. */
export function secretsOf(settings: Settings): Secret[] {
  return knownSecrets([settings.environment(), settings.options.env ?? {}], settings.options.secrets);
}

/** `text` without secrets. */
export function redact(text: string, secrets: readonly Secret[]): string {
  return new Redactor(secrets).whole(text);
}

/** Refuses text to be written that holds the stand-in of a secret: it would destroy the value that it stands for. */
export function refuseStandIns(text: string, secrets: readonly Secret[]): void {
  const found = secrets.find(({ shown }) => text.includes(shown))?.shown;
  if (found === undefined) return;
  throw toolError(
    `The text holds ${found}, which stands for a value that is hidden from you; written down it would replace that value.`,
    'Change only the parts around it with edit.',
  );
}

/** One line as it is shown: without secrets, cut at 2,000 characters. `beyond`: characters of the line that are not in `text`. */
export function showLine(text: string, secrets: readonly Secret[], beyond = 0): string {
  if (text.length <= MAX_LINE && beyond === 0) return redact(text, secrets);
  const window = MAX_LINE + (secrets[0]?.value.length ?? 0);
  // Not ended: what may be the start of a secret that was cut off stays hidden.
  const shown = new Redactor(secrets).push(text.slice(0, window)).slice(0, MAX_LINE).toWellFormed();
  return `${shown} [… ${beyond + Math.max(0, text.length - MAX_LINE)} more characters]`;
}
