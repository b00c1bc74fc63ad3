import type { Secret } from '../../contracts/secret.js';
import { callUrl } from './call-url.js';
import type { NotifierPort } from './port.js';

/** Calls an address whose silence somebody else notices. The call itself is all there is to say. */
export function createHeartbeat({ url }: { readonly url: Secret }): NotifierPort {
  return { send: (_message, signal) => callUrl({ url, method: 'GET', signal }) };
}
