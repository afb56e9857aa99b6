import type { LanguageModelV4FunctionTool } from '@ai-sdk/provider';
import type { ZodType } from 'zod';
import type { Tool } from '../contracts/tool.ts';
import { RepriseError } from '../errors.ts';
import type { Checked } from './schema.ts';
import { checkInput, checkerOf, jsonSchemaOf } from './schema.ts';

const NAME = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;

/** The tools of one session by name. */
export class Toolset {
  readonly #tools = new Map<string, Tool>();
  readonly #specs = new Map<string, Promise<LanguageModelV4FunctionTool>>();
  readonly #checkers = new Map<string, Promise<ZodType>>();
  /** Specs that were asked for before, for who can't wait. */
  readonly #ready = new Map<string, LanguageModelV4FunctionTool>();

  constructor(tools: Iterable<Tool> = []) {
    for (const tool of tools) this.add(tool);
  }

  add(tool: Tool): void {
    if (typeof tool.name !== 'string' || !NAME.test(tool.name)) {
      throw new RepriseError('INVALID_INPUT', `"${String(tool.name)}" is no tool name.`, {
        hint: 'Use 1 to 64 letters, digits, _ and -, a letter or _ first: every provider takes that.',
      });
    }
    if (this.#tools.has(tool.name)) {
      throw new RepriseError('INVALID_INPUT', `There is already a tool named ${tool.name}.`, {
        hint: 'Give it another name; a tool is not replaced while a session uses it.',
      });
    }
    this.#tools.set(tool.name, tool);
  }

  has(name: string): boolean {
    return this.#tools.has(name);
  }

  /** The same tools, to be added to on their own. */
  copy(): Toolset {
    return new Toolset(this.#tools.values());
  }

  names(): string[] {
    return [...this.#tools.keys()];
  }

  /** The tool that a model means: by name, or by the one name that differs only in case. */
  find(name: string): Tool | undefined {
    const exact = this.#tools.get(name);
    if (exact !== undefined) return exact;
    const near = [...this.#tools.values()].filter((tool) => tool.name.toLowerCase() === name.toLowerCase());
    return near.length === 1 ? near[0] : undefined;
  }

  /** The input of a call as its tool takes it, or what is wrong with it. */
  check(tool: Tool, input: unknown): Promise<Checked> {
    let checker = this.#checkers.get(tool.name);
    if (checker === undefined) this.#checkers.set(tool.name, (checker = checkerOf(tool)));
    return checkInput(checker, input);
  }

  /** What the model is told of these tools, in this order; names that nobody registered are left out. */
  async specs(names: readonly string[]): Promise<LanguageModelV4FunctionTool[]> {
    const known = names.filter((name) => this.#tools.has(name));
    return Promise.all(known.map((name) => this.#spec(name)));
  }

  /** The specs that are there without waiting. */
  readySpecs(names: readonly string[]): LanguageModelV4FunctionTool[] {
    return names.flatMap((name) => this.#ready.get(name) ?? []);
  }

  #spec(name: string): Promise<LanguageModelV4FunctionTool> {
    let spec = this.#specs.get(name);
    if (spec === undefined) {
      const tool = this.#tools.get(name) as Tool;
      spec = jsonSchemaOf(tool).then((inputSchema) => {
        const made = { type: 'function' as const, name, description: tool.description, inputSchema };
        this.#ready.set(name, made);
        return made;
      });
      this.#specs.set(name, spec);
    }
    return spec;
  }
}
