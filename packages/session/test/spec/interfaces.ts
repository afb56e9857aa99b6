/** The interfaces of docs/spec/session-management.md, as they stand there; a test compares them. */

export interface SessionOptions {
  // Required
  model: string; // AI model name

  // Optional
  tools?: string[]; // Available tools
  systemPrompt?: string; // Custom system prompt
  temperature?: number; // 0-1, default 0.7
  maxTokens?: number; // Max response tokens
  stopSequences?: string[]; // Stop sequences
  contextWindow?: number; // Max context tokens
  autoSave?: boolean; // Auto-save after each message
  sessionId?: string; // Resume existing session
}

export interface Message {
  role: 'user' | 'assistant' | 'system';
  content: string;
  timestamp: string;
  tokens?: number;
  toolCalls?: ToolCall[];
  toolResults?: ToolResult[];
}

export interface ToolCall {
  id: string;
  tool: string;
  params: Record<string, any>;
}

export interface ToolResult {
  id: string;
  result: any;
  error?: string;
}

export interface SessionState {
  id: string;
  model: string;
  createdAt: string;
  lastMessage: string;
  messageCount: number;
  tokenUsage: {
    input: number;
    output: number;
    total: number;
  };
  tools: string[];
  status: 'active' | 'idle' | 'error';
}
