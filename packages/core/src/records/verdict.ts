/** Whether a call that the provider wants to run itself may run. It holds for its turn: a model that has not answered to it by then asks again. */
export interface VerdictRecord {
  readonly type: 'verdict';
  readonly at: string;
  readonly turn: string;
  /** The provider's id of its request. */
  readonly request: string;
  readonly call: string;
  readonly approved: boolean;
  /** Why not. */
  readonly reason?: string;
}
