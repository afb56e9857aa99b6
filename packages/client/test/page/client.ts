import { connect } from '../../src/index.ts';

const { url, token } = JSON.parse(document.getElementById('facts')?.textContent ?? '{}') as Record<string, string>;
let text = '';
try {
  const session = await connect({ url: url as string, token: token as string, random: () => 0.01 }).create();
  const turn = session.turn('add');
  for await (const chunk of turn) {
    if (chunk.type === 'text') text += chunk.content;
    if (chunk.type === 'tool_result') text += `[${chunk.tool} ${String(chunk.result)}]`;
  }
  text += ` (${(await turn.outcome()).steps} steps)`;
} catch (error) {
  text = (error as { code?: string }).code ?? String(error);
}
(document.getElementById('root') as HTMLElement).textContent = text;
