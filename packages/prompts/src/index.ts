export { DEFAULT_PROMPT, defaultPrompt, environment } from './default.ts';
export { createPromptSource } from './source.ts';
export type { PromptSourceOptions } from './source.ts';
export { readInstructions } from './instructions.ts';
export type { InstructionLimits, Instructions } from './instructions.ts';
export { PromptTemplate } from './template.ts';
export type { PromptTemplateInput, PromptValue } from './template.ts';
