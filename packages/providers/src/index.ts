export { createModels } from './create-models.ts';
export type { ModelRow, Models, ModelsOptions, ProviderOptions } from './create-models.ts';
export type { CatalogueEntry } from './catalogue/entry.ts';
export type { CatalogueExtension } from './catalogue/lookup.ts';
export { createDemoModel } from './demo/model.ts';
export type { DemoOptions } from './demo/model.ts';
