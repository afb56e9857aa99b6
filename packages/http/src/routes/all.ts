import type { Route } from '../route.ts';
import { approvalRoutes } from './approvals.ts';
import { chatRoutes } from './chat.ts';
import { contextRoutes } from './context.ts';
import { eventRoutes } from './events.ts';
import { historyRoutes } from './history.ts';
import { messageRoutes } from './messages.ts';
import { metaRoutes } from './meta.ts';
import { metricsRoutes } from './metrics.ts';
import { sessionRoutes } from './sessions.ts';
import { transferRoutes } from './transfer.ts';
import { turnRoutes } from './turns.ts';

/** The whole API. A route that is not here is not there. */
export const ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...messageRoutes,
  ...turnRoutes,
  ...approvalRoutes,
  ...chatRoutes,
  ...eventRoutes,
  ...contextRoutes,
  ...historyRoutes,
  ...transferRoutes,
  ...metaRoutes,
  ...metricsRoutes,
];
