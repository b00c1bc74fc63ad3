import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import type { HttpCheckConfig } from '../../contracts/stack/checks.js';
import type { SecretsPort } from '../secrets/port.js';
import { excerpt } from './excerpt.js';
import { ask, NoAnswer, type HttpAnswer } from './http-client.js';
import { valueAt } from './json-path.js';
import { canLogInAgain, logIn, type Credentials } from './login.js';
import type { ProbeResult } from './port.js';

export interface HttpCheckOptions {
  readonly secrets: SecretsPort;
  /** Relative paths of CA files start here. */
  readonly baseFolder: string;
  /** Longest time for an answer, in seconds, even when the check itself would wait longer. */
  readonly atMostSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Longest time for an answer when the check names none. */
const DEFAULT_SECONDS = 10;

/** Asks over HTTP, logged in where the check says so, and looks at the answer. No secret is in the result. */
export async function checkHttp(check: HttpCheckConfig, options: HttpCheckOptions): Promise<ProbeResult> {
  const ca = check.ca === undefined ? undefined : await readCa(options.baseFolder, check.ca);
  const limitSeconds = Math.min(check.expect?.within ?? DEFAULT_SECONDS, options.atMostSeconds);
  const common = { ca, limitSeconds, signal: options.signal };
  const begun = performance.now();
  try {
    let credentials = check.login && (await logIn(check.login, options.secrets, common));
    let answer = await send(check, credentials, common);
    if (answer.status === 401 && check.expect?.status !== 401 && canLogInAgain(check.login)) {
      const again = check.login && (await logIn(check.login, options.secrets, common));
      credentials = again && { ...again, secrets: [...again.secrets, ...(credentials?.secrets ?? [])] };
      answer = await send(check, credentials, common);
    }
    const wrong = mismatch(check, answer);
    const shown = `${answer.status}${answer.body === '' ? '' : ` ${answer.body}`}`;
    const text = wrong === undefined ? shown : `${wrong}; answered ${shown}`;
    return {
      passed: wrong === undefined,
      answer: excerpt(text, credentials?.secrets),
      seconds: answer.seconds,
    };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const refused = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
    const seconds = (performance.now() - begun) / 1000;
    return { passed: false, answer: excerpt(error.message), seconds, ...(refused && { refused }) };
  }
}

type Common = { ca: string | undefined; limitSeconds: number; signal: AbortSignal | undefined };

function send(
  check: HttpCheckConfig,
  credentials: Credentials | undefined,
  common: Common,
): Promise<HttpAnswer> {
  const json = check.body === undefined ? {} : { 'content-type': 'application/json' };
  const request = {
    ...common,
    url: check.url,
    method: check.method,
    headers: { ...json, ...credentials?.headers },
    body: check.body === undefined ? undefined : JSON.stringify(check.body),
  };
  const redirectExpected = Math.floor((check.expect?.status ?? 200) / 100) === 3;
  return ask(request, { followRedirects: !redirectExpected });
}

/** What is wrong with an answer, in words; undefined when nothing is. */
function mismatch({ expect = {} }: HttpCheckConfig, answer: HttpAnswer): string | undefined {
  const statusFits =
    expect.status === undefined
      ? answer.status >= 200 && answer.status <= 299
      : answer.status === expect.status;
  if (!statusFits)
    return `status: expected ${expect.status ?? '200 to 299'}, found ${answer.status}${redirectedTo(answer)}`;
  if (answer.cut && (expect.text !== undefined || expect.json !== undefined))
    return 'the answer is longer than 1 MiB';
  if (expect.text !== undefined && !answer.body.includes(expect.text))
    return `text: ${JSON.stringify(expect.text)} is not in the answer`;
  return expect.json && jsonMismatch(expect.json, answer.body);
}

/** Where a redirect that was not followed leads; the origin alone, since the rest may hold a token. */
function redirectedTo({ location }: HttpAnswer): string {
  return location !== undefined && URL.canParse(location) ? ` to ${new URL(location).origin}` : '';
}

function jsonMismatch(expected: Record<string, string | number | boolean>, body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'the answer is not JSON';
  }
  for (const [path, wanted] of Object.entries(expected)) {
    const found = valueAt(value, path);
    if (found !== wanted)
      return `${path}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found) ?? 'nothing'}`;
  }
  return undefined;
}

async function readCa(baseFolder: string, file: string): Promise<string> {
  try {
    return await readFile(resolve(baseFolder, file), 'utf8');
  } catch (error) {
    throw new SteadyError(
      'config.invalid',
      { ca: file, error: (error as NodeJS.ErrnoException).code },
      { cause: error },
    );
  }
}
