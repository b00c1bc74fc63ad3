import { SteadyError } from '../../contracts/failures.js';
import { redact, Secret } from '../../contracts/secret.js';

export interface UrlCall {
  /** Whole address: the way in of whoever has it. */
  readonly url: Secret;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Further secrets an answer may quote. */
  readonly secrets?: readonly Secret[];
  readonly signal: AbortSignal;
}

const LIMIT_MS = 30_000;
const MOST_READ = 4096;
const LONGEST_WORDS = 200;

/**
 * Calls an address that is itself a secret: no error has more of it than its host. Redirects are not followed, so that
 * what was meant for one host never goes to another.
 */
export async function callUrl(call: UrlCall): Promise<string> {
  const { method, body } = call;
  const url = parsed(call.url);
  const secrets = [...secretParts(url), ...(call.secrets ?? [])];
  const login = authorization(url);
  url.username = '';
  url.password = '';
  let status: number;
  let words: string;
  try {
    const response = await fetch(url, {
      method,
      headers: { 'user-agent': 'steadyhand', ...login, ...call.headers },
      redirect: 'manual',
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(LIMIT_MS)]),
      ...(body !== undefined && { body }),
    });
    status = response.status;
    words = excerpt(redact(await beginningOf(response), secrets));
  } catch (error) {
    if (call.signal.aborted) throw new SteadyError('cancelled', { host: url.host });
    throw new SteadyError('notify.unreachable', {
      host: url.host,
      error: excerpt(redact(whyNot(error), secrets)),
    });
  }
  if (status >= 200 && status <= 299) return `${status}${words === '' ? '' : ` ${words}`}`;
  const facts = { host: url.host, status, says: words === '' ? undefined : words };
  const later = status >= 500 || status === 408 || status === 429;
  throw new SteadyError(later ? 'notify.unreachable' : 'notify.refused', facts);
}

/** What an answer begins with: a receiver may send for ever. */
async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MOST_READ) break;
  }
  return text;
}

function parsed(secret: Secret): URL {
  const text = secret.reveal();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new SteadyError('notify.refused', { error: 'the secret is no http or https address' });
  return url;
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}

/** All of an address but its host, and the parts that are long enough to be a key. */
function secretParts(url: URL): Secret[] {
  const whole = `${url.pathname}${url.search}`;
  const parts = whole.split(/[/?&=]/).filter((part) => part.length >= 6);
  return [url.href, whole, url.password, ...parts]
    .filter((one) => one.length > 1)
    .map((one) => new Secret(one));
}

/** fetch says why in the cause: the code of the system, or of TLS. */
function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError') return `no answer within ${LIMIT_MS / 1000} s`;
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? error.message;
}

const excerpt = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_WORDS);
