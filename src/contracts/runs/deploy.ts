import type { Image, Revision, Settings } from '../stored/revision.js';
import type { Strategy } from '../stack/deploy.js';
import type { LogWatched } from './logs.js';
import type { RunInput } from './snapshot.js';

/** What of a revision's settings is to be another way; what is not named stays. */
export interface SettingsChange {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  /** As compose takes it; null: no longer limited by a revision. */
  readonly memory?: string | null;
  readonly cpus?: string | null;
}

/** What is to run of one service. */
export type Wanted = {
  readonly service: string;
} & (
  | { readonly to: 'version'; readonly image?: string; readonly settings?: SettingsChange }
  /** Left out: the one that ran well before the one that runs. */
  | { readonly to: 'revision'; readonly revision?: number }
  /** `bounds`: of what scales it by itself; left out: at least `count`. */
  | { readonly to: 'count'; readonly count: number; readonly bounds?: Bounds }
);

/** Least and most instances. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}
export const formatBounds = ({ min, max }: Bounds): string =>
  min === max ? String(min) : `${min} to ${max}`;

/** Input of the procedures `deploy`, `rollback` and `scale`. Plain JSON: it stays in histories for months. */
export interface DeployInput extends RunInput {
  readonly procedure: 'deploy' | 'rollback' | 'scale';
  /** As asked; the run orders them by what they need. All of them are changed, or none. */
  readonly wanted: readonly Wanted[];
  /** Instead of what the stack file says for each. */
  readonly strategy?: Strategy;
  /** Mends what is broken: goes first, at any hour, and is watched for longer; says why. */
  readonly hotfix?: boolean;
  /** Also outside the hours of deploys. */
  readonly outsideHours?: boolean;
  /** Number of the change that it belongs to, elsewhere. */
  readonly change?: string;
  /** Also of objects that something else (Argo CD, Flux, Helm) keeps as it wants them. */
  readonly evenIfManaged?: boolean;
  /** Afterwards, so many seconds later, all of it is as it was before; left out: it stays. */
  readonly forSeconds?: number;
  /** Of the run that takes back: what it waits for, and that nobody changed the services meanwhile. */
  readonly takesBack?: {
    readonly afterSeconds: number;
    readonly revisions: Readonly<Record<string, number>>;
  };
  /** How long an image is waited for that its registry does not have yet, in seconds; left out: not at all. */
  readonly waitForImage?: number;
  readonly reason: string;
  /** 8 characters of the request: a signature is good for one run. */
  readonly token: string;
}

export interface Deployed {
  readonly service: string;
  /** That ran before. */
  readonly from?: number | undefined;
  readonly revision: number;
  readonly image: Image;
  readonly settings: Settings;
  readonly instances: number;
  /** That ran before. */
  readonly before: number;
  /** Of what scales it by itself, as they were before. */
  readonly boundsBefore?: Bounds | undefined;
}

export interface DeployResult {
  /** The run that takes it back later. */
  readonly takenBackBy?: string | undefined;
  readonly lines: readonly string[];
  readonly services: readonly Deployed[];
  /** What the new instances logged afterwards. */
  readonly logs: readonly LogWatched[];
}

/** One revision in the history of a service. */
export interface RevisionLine extends Revision {
  /** Instances that run as it now. */
  readonly running: number;
  /** When it came to run and how that went, oldest first. */
  readonly verdicts: readonly {
    readonly at: string;
    readonly run: string;
    readonly verdict: 'good' | 'failed';
    readonly why: string;
  }[];
}

/** What is asked, as it is signed. */
export function deployRequest(
  input: Pick<
    DeployInput,
    | 'procedure'
    | 'wanted'
    | 'strategy'
    | 'hotfix'
    | 'outsideHours'
    | 'change'
    | 'evenIfManaged'
    | 'forSeconds'
    | 'waitForImage'
    | 'reason'
    | 'token'
  >,
): Record<string, unknown> {
  const { procedure, wanted, strategy, forSeconds, waitForImage, reason, token } = input;
  const { hotfix, outsideHours, change, evenIfManaged } = input;
  return {
    [procedure]: {
      wanted,
      strategy: strategy ?? null,
      ...(hotfix === true && { hotfix }),
      ...(outsideHours === true && { outsideHours }),
      ...(change !== undefined && { change }),
      ...(evenIfManaged === true && { evenIfManaged }),
      ...(forSeconds !== undefined && { forSeconds }),
      ...(waitForImage !== undefined && { waitForImage }),
      reason,
      token,
    },
  };
}
