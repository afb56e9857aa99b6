import { z } from 'zod';
import type { AskAnswer } from '@reprise/core';
import type { Route } from '../route.ts';
import { json, noContent, route } from '../route.ts';
import { answer, pendingAsk } from '../schemas/ask.ts';
import { params, sessionId } from '../schemas/common.ts';

export const approvalRoutes: readonly Route[] = [
  route(
    {
      id: 'listApprovals',
      method: 'GET',
      path: '/v1/sessions/{id}/approvals',
      tag: 'approvals',
      summary: 'What people are asked and have not answered, oldest first, in whichever process the turn runs.',
      scope: 'read',
      params,
      answers: { 200: { description: 'The questions.', schema: z.object({ items: z.array(pendingAsk) }) } },
      errors: ['SESSION_NOT_FOUND'],
    },
    async ({ params: { id } }, { sessions }) => json({ items: await sessions.approvals(id) }),
  ),
  route(
    {
      id: 'answerApproval',
      method: 'POST',
      path: '/v1/sessions/{id}/approvals/{ask}',
      tag: 'approvals',
      summary: 'Answer one of them. The first answer counts.',
      scope: 'approve',
      params: z.object({ id: sessionId, ask: z.string().min(1).max(200) }),
      body: answer,
      answers: { 204: { description: 'The answer is stored.' } },
      errors: ['SESSION_NOT_FOUND', 'CONFLICT'],
    },
    async ({ params: { id, ask }, body, principal }, { pool }) => {
      const session = await pool.open(id);
      await session.answer(ask, { ...body, ...(principal && { by: principal.name }) } as AskAnswer);
      return noContent();
    },
  ),
];
