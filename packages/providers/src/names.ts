import { RepriseError } from '@reprise/core';
import { ALIASES, RETIRED } from './catalogue/names.data.ts';

export interface NameRules {
  /** Added to the built-in aliases; wins over them. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** A retired name is an error instead of its successor with a notice. */
  readonly strictModels?: boolean;
  /** Ids of the known providers. */
  readonly providers: readonly string[];
  /** Whole names to suggest from, with the aliases. */
  readonly names: readonly string[];
}

export interface ResolvedName {
  readonly provider: string;
  readonly model: string;
  readonly notice?: string;
}

/** What `requested` means. MODEL_NOT_FOUND says what to write instead. */
export function resolveName(requested: string, rules: NameRules): ResolvedName {
  const whole = followAliases(requested, rules);
  const slash = whole.indexOf('/');
  if (slash < 1 || slash === whole.length - 1) throw unqualified(requested, rules);
  const provider = whole.slice(0, slash);
  if (!rules.providers.includes(provider)) throw unknownProvider(requested, provider, whole.slice(slash + 1), rules);

  const successor = Object.hasOwn(RETIRED, whole) ? RETIRED[whole] : undefined;
  if (successor === undefined) return { provider, model: whole.slice(slash + 1) };
  if (rules.strictModels)
    throw new RepriseError('MODEL_NOT_FOUND', `The model ${whole} is retired.`, { hint: `Use ${successor}.` });
  const cut = successor.indexOf('/');
  return {
    provider: successor.slice(0, cut),
    model: successor.slice(cut + 1),
    notice: `${whole} is retired; its successor ${successor} is used.`,
  };
}

/** At most eight steps, so that a ring of aliases ends (in MODEL_NOT_FOUND, as an unqualified name). */
function followAliases(name: string, rules: NameRules): string {
  let current = name.trim();
  for (let step = 0; step < 8; step += 1) {
    const own = rules.aliases && Object.hasOwn(rules.aliases, current) ? rules.aliases[current] : undefined;
    const next = own ?? (Object.hasOwn(ALIASES, current) ? ALIASES[current] : undefined);
    if (next === undefined || next === current) break;
    current = next;
  }
  return current;
}

function unqualified(requested: string, rules: NameRules): RepriseError {
  const near = suggestions(requested, rules);
  return new RepriseError('MODEL_NOT_FOUND', `${JSON.stringify(requested)} names no provider.`, {
    hint: `Write provider/model or an alias${near.length > 0 ? `, for example ${near.join(' or ')}` : ''}; \`reprise models\` lists them.`,
    details: { near },
  });
}

function unknownProvider(requested: string, provider: string, model: string, rules: NameRules): RepriseError {
  const near = suggestions(model, rules);
  return new RepriseError('MODEL_NOT_FOUND', `${JSON.stringify(requested)}: no provider is called ${provider}.`, {
    hint: `Known providers: ${rules.providers.join(', ')}${near.length > 0 ? `. Did you mean ${near.join(' or ')}?` : '.'}`,
    details: { near },
  });
}

/** Up to three names or aliases that hold the text or differ from it in few places. */
function suggestions(text: string, rules: NameRules): string[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return rules.names.slice(0, 3);
  return [...rules.names, ...Object.keys({ ...ALIASES, ...rules.aliases })]
    .map((name) => ({ name, far: distanceTo(name.toLowerCase(), wanted) }))
    .filter(({ far }) => far <= Math.max(2, wanted.length / 3))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
}

function distanceTo(name: string, wanted: string): number {
  const model = name.slice(name.indexOf('/') + 1);
  if (name === wanted || model === wanted) return 0;
  if (model.includes(wanted) || wanted.includes(model)) return 1;
  return Math.min(editDistance(name, wanted), editDistance(model, wanted));
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
