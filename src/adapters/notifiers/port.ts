import type { Message } from '../../contracts/runs/message.js';

/**
 * Hands a message to one receiver, once. Fails with `notify.refused` when the same again would be refused too, and with
 * `notify.unreachable` when it may be taken later; neither holds a secret. The receiver may have it all the same when
 * the answer is lost: it knows a message by its id.
 */
export interface NotifierPort {
  /** Gives what the receiver answered, in words. */
  send(message: Message, signal: AbortSignal): Promise<string>;
}
