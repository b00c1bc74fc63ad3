import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyError } from '../../contracts/failures.js';
import { theOne } from '../../contracts/one-of.js';
import type { CheckConfig } from '../../contracts/stack/checks.js';
import type { RuntimePort, ServiceHandle } from '../runtimes/port.js';
import type { SecretsPort } from '../secrets/port.js';
import { checkCommand } from './command-check.js';
import { excerpt } from './excerpt.js';
import { checkHttp } from './http-check.js';
import { checkLog } from './log-check.js';
import type { ProbeResult, ProbesPort } from './port.js';

export interface ProbesOptions {
  readonly secrets: SecretsPort;
  readonly runtime: Pick<RuntimePort, 'logs'>;
  /** Folder of the stack file: CA files and commands start from it. */
  readonly baseFolder: string;
  /** How a service named by a check is addressed. */
  readonly service: (name: string) => ServiceHandle;
  /** The one value a query answers, as text. */
  readonly sql: (store: string, query: string, signal?: AbortSignal) => Promise<string>;
  /** The answer to a command, as text. */
  readonly redis: (store: string, command: readonly string[], signal?: AbortSignal) => Promise<string>;
}

const EVERY_SECONDS = 1;

/** Asks checks. A check that does not pass is a result; broken configuration, missing secrets and a cancel throw. */
export function createProbes(options: ProbesOptions): ProbesPort {
  const once = async (
    check: CheckConfig,
    signal: AbortSignal | undefined,
    atMostSeconds: number,
  ): Promise<ProbeResult> => {
    const asked = theOne(check);
    const begun = performance.now();
    switch (asked.kind) {
      case 'http':
        return checkHttp(asked.options, { ...options, signal, atMostSeconds });
      case 'command':
        return checkCommand(asked.options, { ...options, signal, atMostSeconds });
      case 'log':
        return checkLog(asked.options, { ...options, signal });
      case 'sql': {
        const { store, query, expect } = asked.options;
        return equal(() => options.sql(store, query, signal), expect, begun);
      }
      case 'redis': {
        const { store, command, expect } = asked.options;
        return equal(() => options.redis(store, command, signal), expect, begun);
      }
      default:
        throw new SteadyError('config.invalid', {
          field: 'check',
          found: String((asked as { kind: unknown }).kind),
        });
    }
  };

  return {
    run: (check, { signal } = {}) => once(check, signal, Number.POSITIVE_INFINITY),

    async until(check, { withinSeconds, signal }) {
      const end = performance.now() + withinSeconds * 1000;
      for (;;) {
        const left = Math.max(1, (end - performance.now()) / 1000);
        const result = await once(check, signal, left);
        if (result.passed || performance.now() + EVERY_SECONDS * 1000 > end) return result;
        await sleep(EVERY_SECONDS * 1000, undefined, signal ? { signal } : {}).catch((error: unknown) => {
          throw new SteadyError('cancelled', { check: 'waiting' }, { cause: error });
        });
      }
    },
  };
}

/** Compares a store's answer. That it does not answer, or refuses, is an answer too. */
async function equal(ask: () => Promise<string>, expected: string, begun: number): Promise<ProbeResult> {
  let found: string;
  try {
    found = (await ask()).trim();
  } catch (error) {
    if (!(error instanceof SteadyError) || !/^(store|tool\.failed|stream\.stalled)/.test(error.code))
      throw error;
    return { passed: false, answer: excerpt(error.message), seconds: (performance.now() - begun) / 1000 };
  }
  const passed = found === expected;
  const answer = excerpt(
    passed ? found : `expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`,
  );
  return { passed, answer, seconds: (performance.now() - begun) / 1000 };
}
