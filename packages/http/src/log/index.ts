export { logTo } from './log-to.ts';
