import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { SessionStorage } from '../../src/contracts/storage.ts';
import type { Tool } from '../../src/contracts/tool.ts';

type Draft = NonNullable<SessionStorage['draft']>;

/**
 * Everything that the engine does outside of itself, one step at a time: a request, each part of its answer, each append, each piece of a draft,
 * the beginning and the end of each tool. At the step `last` the process stops for good.
 */
export class Steps {
  readonly taken: string[] = [];
  /** Resolves once the process has stopped. */
  readonly stopped: Promise<void>;
  readonly #last: number;
  readonly #each: (step: string) => Promise<void>;
  readonly #stop: () => void;

  constructor(last: number, each: (step: string) => Promise<void> = async () => undefined) {
    this.#last = last;
    this.#each = each;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.#stop = resolve;
  }

  async step(name: string): Promise<void> {
    if (this.taken.length >= this.#last) return new Promise(() => undefined);
    await this.#each(name);
    if (this.taken.push(name) < this.#last) return;
    this.#stop();
    await new Promise(() => undefined);
  }

  storage<S extends SessionStorage>(store: S): S {
    return {
      ...store,
      append: async (lease, batch) => {
        const types = batch.records.map((json) => (JSON.parse(json) as { type: string }).type).join();
        await this.step(`before ${types}`);
        await store.append(lease, batch);
        await this.step(`after ${types}`);
      },
      draft: {
        ...store.draft,
        add: async (...given: Parameters<Draft['add']>) => {
          await store.draft?.add(...given);
          await this.step('draft');
        },
      },
    };
  }

  model(model: LanguageModelV4): LanguageModelV4 {
    return {
      ...model,
      doStream: async (options) => {
        await this.step('request');
        const { stream } = await model.doStream(options);
        const reader = stream.getReader();
        return {
          stream: new ReadableStream(
            {
              pull: async (controller) => {
                const { done, value } = await reader.read();
                if (done) return controller.close();
                controller.enqueue(value);
                await this.step(`part ${value.type}`);
              },
              cancel: (reason) => reader.cancel(reason),
            },
            { highWaterMark: 0 },
          ),
        };
      },
    };
  }

  tool<T extends Tool>(tool: T): T {
    return {
      ...tool,
      run: async (input, context) => {
        const name = `${tool.name} ${context.call}`;
        await this.step(`begin ${name}`);
        const output = await tool.run(input, context);
        await this.step(`end ${name}`);
        return output;
      },
    };
  }
}
