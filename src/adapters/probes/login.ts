import { SteadyError } from '../../contracts/failures.js';
import { theOne } from '../../contracts/one-of.js';
import { Secret } from '../../contracts/secret.js';
import type { LoginConfig } from '../../contracts/stack/checks.js';
import type { SecretsPort } from '../secrets/port.js';
import { ask, NoAnswer, type HttpRequest } from './http-client.js';
import { valueAt } from './json-path.js';

/** What a login adds to a request, and every secret that an answer might quote. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly Secret[];
}

type LoginRequest = Pick<HttpRequest, 'ca' | 'limitSeconds' | 'signal'>;

/**
 * Logs in: reads the secret, and for a form gets a token by it. Nothing is kept between two calls: a token's life may
 * be shorter than a restore.
 *
 * @throws NoAnswer when the login itself does not succeed; `secret.missing`; `config.invalid` for an unknown kind
 */
export async function logIn(
  login: LoginConfig,
  secrets: SecretsPort,
  request: LoginRequest,
): Promise<Credentials> {
  const way = theOne(login);
  switch (way.kind) {
    case 'header': {
      const value = await secrets.resolve(way.options.value);
      return { headers: { [way.options.name]: value.reveal() }, secrets: [value] };
    }
    case 'basic': {
      const password = await secrets.resolve(way.options.password);
      const pair = Buffer.from(`${way.options.user}:${password.reveal()}`).toString('base64');
      return { headers: { authorization: `Basic ${pair}` }, secrets: [password, new Secret(pair)] };
    }
    case 'bearer':
      return bearer(await secrets.resolve(way.options.token));
    case 'form':
      return byForm(way.options, secrets, request);
    default:
      throw new SteadyError('config.invalid', {
        field: 'login',
        found: String((way as { kind: unknown }).kind),
      });
  }
}

/** Only a form login can get a fresh token when an answer is 401. */
export function canLogInAgain(login: LoginConfig | undefined): boolean {
  return login?.form !== undefined;
}

type FormLogin = NonNullable<LoginConfig['form']>;

async function byForm(form: FormLogin, secrets: SecretsPort, request: LoginRequest): Promise<Credentials> {
  const fields = new URLSearchParams();
  const known: Secret[] = [];
  for (const [name, given] of Object.entries(form.fields)) {
    const value = typeof given === 'string' ? given : await secrets.resolve(given);
    if (typeof value !== 'string') known.push(value);
    fields.set(name, typeof value === 'string' ? value : value.reveal());
  }
  // RFC 6749, 4.3: what POST /auth/token of the common frameworks takes.
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const answer = await ask(
    { ...request, url: form.url, method: 'POST', headers, body: fields.toString() },
    { followRedirects: false },
  ).catch((error: unknown) => {
    throw error instanceof NoAnswer ? new NoAnswer(`login: ${error.message}`, { cause: error }) : error;
  });
  // The body is never quoted: it holds the token, or what was sent.
  if (answer.status < 200 || answer.status > 299) throw new NoAnswer(`login: answered ${answer.status}`);
  const token = tokenOf(answer.body, form.field);
  if (token === undefined) throw new NoAnswer(`login: no ${form.field} in the answer`);
  const credentials = bearer(new Secret(token));
  return { ...credentials, secrets: [...credentials.secrets, ...known] };
}

function bearer(token: Secret): Credentials {
  return { headers: { authorization: `Bearer ${token.reveal()}` }, secrets: [token] };
}

function tokenOf(body: string, field: string): string | undefined {
  try {
    const token = valueAt(JSON.parse(body), field);
    return typeof token === 'string' && token !== '' ? token : undefined;
  } catch {
    return undefined;
  }
}
