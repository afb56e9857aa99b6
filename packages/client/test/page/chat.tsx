import { useChat } from '@ai-sdk/react';
import { DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses } from 'ai';
import type { UIMessage } from 'ai';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

/** What the page is told: where the server is, and which chat to show. */
interface Facts {
  readonly api: string;
  readonly token: string;
  readonly chat: string;
  readonly messages: UIMessage[];
}

function Chat({ api, token, chat, messages: loaded }: Facts) {
  const [transport] = useState(() => new DefaultChatTransport({ api, headers: { Authorization: `Bearer ${token}` } }));
  const { messages, status, error, sendMessage, regenerate, addToolApprovalResponse } = useChat({
    id: chat,
    messages: loaded,
    transport,
    resume: true,
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  });
  return (
    <main>
      <p id="status">{error === undefined ? status : `error: ${error.message}`}</p>
      {messages.map(({ id, role, parts }) => (
        <section key={id} className={role}>
          {parts.map((part, place) => {
            if (part.type === 'text') return <span key={place}>{part.text}</span>;
            if (part.type !== 'dynamic-tool') return null;
            if (part.state !== 'approval-requested')
              return <code key={place}>{`[${part.toolName} ${part.state}]`}</code>;
            const { id: asked } = part.approval;
            return (
              <button
                key={place}
                className="allow"
                onClick={() => void addToolApprovalResponse({ id: asked, approved: true })}
              >
                allow
              </button>
            );
          })}
        </section>
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const field = event.currentTarget.elements.namedItem('text') as HTMLInputElement;
          void sendMessage({ text: field.value });
          field.value = '';
        }}
      >
        <input name="text" />
      </form>
      <button id="again" onClick={() => void regenerate()}>
        again
      </button>
    </main>
  );
}

const facts = JSON.parse(document.getElementById('facts')?.textContent ?? '{}') as Omit<Facts, 'messages'>;
const headers = { Authorization: `Bearer ${facts.token}` };
const { messages } = (await (await fetch(`${facts.api}/${facts.chat}`, { headers })).json()) as {
  messages: UIMessage[];
};
createRoot(document.getElementById('root') as HTMLElement).render(<Chat {...facts} messages={messages} />);
