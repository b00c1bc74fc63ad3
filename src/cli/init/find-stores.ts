import { posix } from 'node:path';
import { isMapping, type ComposeService } from './compose-services.js';
import { interpolate, soleVariable } from './interpolate.js';

/** A secret as steady.yaml refers to it. */
export type SecretReference = { readonly env: string } | { readonly file: string };

export interface FoundPostgres {
  readonly kind: 'postgres';
  readonly service: string;
  readonly database: string;
  readonly user: string;
  readonly password?: SecretReference | undefined;
}

export interface FoundRedis {
  readonly kind: 'redis';
  readonly service: string;
  readonly password?: SecretReference | undefined;
}

export interface Surroundings {
  readonly known: Readonly<Record<string, string>>;
  /** Top-level `secrets` of the compose file. */
  readonly secrets: unknown;
  readonly folder: string;
  readonly note: (text: string) => void;
  /** A variable for a secret whose value stands in the compose file: the usual name, unless another store has it. */
  readonly variable: (service: ComposeService, usual: string) => string;
}

/** What a PostgreSQL service's environment tells of its database, by the names of the usual images. */
export function postgresStore(of: ComposeService, around: Surroundings): FoundPostgres {
  const read = (names: readonly string[], otherwise: string, what: string): string => {
    const key = names.find((one) => of.environment[one] !== undefined);
    if (key === undefined) {
      if (of.hasEnvFile)
        around.note(`${of.name}: its ${what} may stand in its env_file; ${otherwise} is a guess`);
      return otherwise;
    }
    const { text, unknown } = interpolate(of.environment[key] ?? '', around.known);
    if (text !== '' && text.length <= 63 && unknown.length === 0) return text;
    around.note(`${of.name}: ${key} comes from the environment; ${what} ${otherwise} is a guess`);
    return otherwise;
  };
  const user = read(['POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER'], 'postgres', 'user');
  const database = read(['POSTGRES_DB', 'POSTGRESQL_DATABASE'], user, 'database');
  const trusts = of.environment['POSTGRES_HOST_AUTH_METHOD'] === 'trust';
  const password = trusts
    ? undefined
    : (passwordOf(of, ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'], around) ?? {
        env: around.variable(of, 'POSTGRES_PASSWORD'),
      });
  return { kind: 'postgres', service: of.name, database, user, password };
}

/** What a Redis service's command and environment tell of its password. */
export function redisStore(of: ComposeService, around: Surroundings): FoundRedis {
  const fromEnvironment = passwordOf(of, ['REDIS_PASSWORD', 'VALKEY_PASSWORD'], around);
  const given = /--requirepass\s+(?:"([^"]*)"|'([^']*)'|([^\s"']+))/.exec(of.commands.join(' '));
  const text = given?.[1] ?? given?.[2] ?? given?.[3];
  if (text === undefined || text === '')
    return { kind: 'redis', service: of.name, password: fromEnvironment };
  const variable = soleVariable(text);
  if (fromEnvironment || variable !== undefined) {
    return { kind: 'redis', service: of.name, password: fromEnvironment ?? { env: variable ?? '' } };
  }
  const env = around.variable(of, 'REDIS_PASSWORD');
  around.note(`${of.name}: its password stands in the command; put it in ${env} where the worker runs`);
  return { kind: 'redis', service: of.name, password: { env } };
}

/** A reference to a password, never its value. */
function passwordOf(
  service: ComposeService,
  names: readonly string[],
  around: Surroundings,
): SecretReference | undefined {
  for (const name of names) {
    const file = service.environment[`${name}_FILE`];
    if (file !== undefined) return secretFile(interpolate(file, around.known).text, around) ?? { env: name };
    const value = service.environment[name];
    if (value === undefined) continue;
    const variable = soleVariable(value);
    if (variable !== undefined) return { env: variable };
    const env = around.variable(service, name);
    around.note(
      `${service.name}: its password stands in the compose file; put it in ${env} where the worker runs`,
    );
    return { env };
  }
  return undefined;
}

/** `/run/secrets/NAME` leads to a file or a variable that the top-level `secrets` name. */
function secretFile(path: string, around: Surroundings): SecretReference | undefined {
  const name = /^\/run\/secrets\/([^/]+)$/.exec(path)?.[1];
  const secrets = isMapping(around.secrets) ? around.secrets : {};
  const secret = name === undefined ? undefined : secrets[name];
  if (!isMapping(secret)) return undefined;
  if (typeof secret['environment'] === 'string') return { env: secret['environment'] };
  if (typeof secret['file'] !== 'string') return undefined;
  const file = interpolate(secret['file'], around.known).text;
  return { file: posix.isAbsolute(file) ? file : posix.join(around.folder, file) };
}
