/** What stands before a key that is one, and not a piece of a longer text (a signature, a file in base64). */
const ALONE = '(?<![\\w/+.-])';
/** The same, but also at the end of a path: for shapes with a `-` or `_`, which are in no base64 that has slashes. */
const BEHIND_A_PATH = '(?<![\\w+.-])(?<!base64,[\\w+/=]*)';

/**
 * Texts that are keys by their shape, as their makers document them: the known beginning, which stays, and the secret. Only shapes that nobody
 * writes by accident: a word that follows "password" is not one.
 */
const SHAPES: readonly RegExp[] = [
  // OpenAI, Anthropic, OpenRouter and others; Groq, xAI, Google, Hugging Face.
  `${BEHIND_A_PATH}(sk-(?:[a-z]+-)?)[\\w-]{20,}`,
  `${BEHIND_A_PATH}(gsk_|xai-)[A-Za-z0-9]{40,}`,
  `${ALONE}(AIza)[\\w-]{35}(?![\\w/+=-])`,
  `${BEHIND_A_PATH}(hf_)[A-Za-z0-9]{30,}`,
  // GitHub, GitLab, npm, PyPI, Slack, Stripe, Amazon.
  `${BEHIND_A_PATH}(gh[pousr]_|github_pat_)\\w{22,}`,
  `${BEHIND_A_PATH}(glpat-)[\\w-]{20,}`,
  `${BEHIND_A_PATH}(npm_)[A-Za-z0-9]{36}(?!\\w)`,
  `${BEHIND_A_PATH}(pypi-)[\\w-]{50,}`,
  `${BEHIND_A_PATH}(xox[abeoprs]-)[A-Za-z0-9-]{10,}`,
  `${BEHIND_A_PATH}([rs]k_live_)[A-Za-z0-9]{20,}`,
  `${ALONE}(A[KS]IA)[A-Z0-9]{16}(?![\\w/+=-])`,
  // JSON web tokens, bearer tokens, private keys, passwords in addresses.
  `${ALONE}(eyJ)[\\w-]{10,}\\.eyJ[\\w-]{10,}\\.[\\w-]{10,}`,
  '\\b([Bb]earer )[\\w.~+/-]{20,}=*',
  '(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]{40,}',
  '\\b([a-z]+:\\/\\/[^\\s/:@]{1,200}:)[^\\s/@]{1,200}(?=@)',
].map((source) => new RegExp(source, 'g'));

/** The text with stars in place of what looks like a key. As long as before, so that places in it stay what they are. */
export function masked(text: string): string {
  let clean = text;
  for (const shape of SHAPES)
    clean = clean.replace(
      shape,
      (whole: string, known: string) => known + whole.slice(known.length).replace(/\S/g, '*'),
    );
  return clean;
}

/** The same in every text of a value, but below the names in `except`. */
export function maskedIn(value: unknown, except: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return masked(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => maskedIn(item, except));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, except.has(name) ? item : maskedIn(item, except)]),
  );
}
