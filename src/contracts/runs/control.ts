/** What a person can tell a deploy while it runs. */
export const CONTROL_SIGNAL = 'control';

export interface Control {
  readonly what: 'pause' | 'resume' | 'abort';
  readonly by: string;
  readonly reason: string;
}

/** Procedures that can be told so. */
export const CONTROLLED: readonly string[] = ['deploy', 'rollback', 'scale'];
