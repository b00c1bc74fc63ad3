import type { MessageEvent } from '../stack/notify.js';
import type { LedgerHead } from './ledger.js';
import type { RunInput } from './snapshot.js';

/** What people and programs are told of one event, on every channel alike. Free of secrets. */
export interface Message {
  readonly version: 1;
  /** One an event: the same however often it is delivered. */
  readonly id: string;
  readonly event: MessageEvent;
  readonly stack: string;
  /** When it came about, RFC 3339. */
  readonly at: string;
  /** In a sentence. */
  readonly title: string;
  readonly lines: readonly string[];
  /** Commands to go on with. */
  readonly next: readonly string[];
  readonly run?:
    | {
        readonly workflowId: string;
        readonly runId: string;
        readonly procedure: string;
        readonly by: string;
        /** Left out while it goes on. */
        readonly outcome?: string | undefined;
      }
    | undefined;
  readonly failure?: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
  /** Of an approval that is asked for. */
  readonly asked?:
    | {
        readonly from: string;
        readonly count: number;
        /** Who may answer. */
        readonly of: readonly string[];
        readonly until: string;
        readonly digest: string;
      }
    | undefined;
  /** Of what lasts: it has begun, it still is so, it is over. */
  readonly state?: 'begun' | 'lasting' | 'over' | undefined;
  /** Newest record of the chain of evidence then: a chain that is rewritten later differs from it. */
  readonly records?: LedgerHead | undefined;
}

export interface NotifyInput extends RunInput {
  readonly message: Message;
  /** Names of the channels. */
  readonly channels: readonly string[];
}

/** How one channel took a message. */
export interface Told {
  readonly channel: string;
  readonly reached: boolean;
  /** What the receiver answered, or why it was not reached. */
  readonly words: string;
}
