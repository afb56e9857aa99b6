/** What `npm start` asks when it is given no prompt. */
export const DEFAULT_PROMPT = 'Summarise this repository.';

const KEYS = ['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'GEMINI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'];

/** Options of `reprise run` that stand alone; every other one is followed by its value. */
export const SWITCHES = ['--continue', '--recover', '--fork', '--queue', '--steer', '--help', '-h', '--version', '-V'];

/**
 * The arguments of `reprise run` for what stood behind `npm start --`: a prompt is added where there is none, and the
 * offline model where neither an option nor a key in the environment names another.
 *
 * @param {readonly string[]} given
 * @param {NodeJS.ProcessEnv} env
 */
export function runArguments(given, env) {
  if (given.some((arg) => ['--help', '-h', '--version', '-V'].includes(arg))) return [...given];
  const end = given.indexOf('--');
  const options = end < 0 ? given : given.slice(0, end);
  const added = [];
  const named = options.some((arg) => arg === '--model' || arg.startsWith('--model='));
  if (!named && !KEYS.some((key) => env[key])) added.push('--model', 'demo/offline');
  // Carrying on what a crash left open takes no prompt.
  const complete = options.includes('--recover') || hasPrompt(options);
  return complete || (end >= 0 && end < given.length - 1)
    ? [...added, ...given]
    : [...added, ...options, DEFAULT_PROMPT];
}

function hasPrompt(options) {
  for (let at = 0; at < options.length; at++) {
    const arg = options[at];
    if (!arg.startsWith('-') || arg === '-') return true;
    if (!SWITCHES.includes(arg) && !arg.includes('=')) at++;
  }
  return false;
}
