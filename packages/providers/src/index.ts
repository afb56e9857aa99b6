export { createModels } from './create-models.ts';
export type { Models } from './create-models.ts';
export type { ModelsOptions, ProviderOptions } from './options.ts';
export type { ModelRow } from './rows.ts';
export type { CatalogueEntry } from './catalogue/entry.ts';
export type { CatalogueExtension } from './catalogue/lookup.ts';
export { createDemoModel } from './demo/model.ts';
export type { DemoOptions } from './demo/model.ts';
