import { soleVariable } from './compose/interpolate.js';
import { commandText, type ComposeProject, type ComposeService, type Written } from './compose/service.js';

/** A secret as steady.yaml refers to it. */
export type SecretReference = { readonly env: string } | { readonly file: string };

export interface FoundPostgres {
  readonly kind: 'postgres';
  readonly service: string;
  readonly database: string;
  readonly user: string;
  readonly password?: SecretReference | undefined;
  /** Services whose environment names this database, where the one of the server's own does not. */
  readonly namedBy?: readonly string[] | undefined;
}

export interface FoundRedis {
  readonly kind: 'redis';
  readonly service: string;
  readonly password?: SecretReference | undefined;
}

export interface Surroundings {
  readonly secrets: ComposeProject['secrets'];
  readonly note: (text: string) => void;
  /** A variable for a secret whose value stands in a file: the usual name, unless another store has it. */
  readonly variable: (service: ComposeService, usual: string) => string;
}

/** What a PostgreSQL service's environment tells of its database, by the names of the usual images. */
export function postgresStore(of: ComposeService, around: Surroundings): FoundPostgres {
  const read = (names: readonly string[], otherwise: string, what: string): string => {
    const key = names.find((one) => of.environment[one] !== undefined);
    const value = key === undefined ? undefined : of.environment[key];
    if (value?.known === true && isName(value.text)) return value.text;
    const [file] = of.missingEnvFiles;
    if (value === undefined && file !== undefined)
      around.note(
        `${of.name}: its ${what} may stand in ${file}, which cannot be read; ${otherwise} is a guess`,
      );
    if (value !== undefined)
      around.note(`${of.name}: ${key} comes from the environment; ${what} ${otherwise} is a guess`);
    return otherwise;
  };
  const user = read(['POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER'], 'postgres', 'user');
  const database = read(['POSTGRES_DB', 'POSTGRESQL_DATABASE'], user, 'database');
  const trusts = of.environment['POSTGRES_HOST_AUTH_METHOD']?.text === 'trust';
  const password = trusts
    ? undefined
    : (passwordOf(of, ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'], around) ?? {
        env: around.variable(of, 'POSTGRES_PASSWORD'),
      });
  return { kind: 'postgres', service: of.name, database, user, password };
}

/** What PostgreSQL takes as a name; an address in its place may have a password in it. */
const isName = (text: string): boolean => text !== '' && text.length <= 63 && !text.includes('://');

/** What a Redis service's command and environment tell of its password. */
export function redisStore(of: ComposeService, around: Surroundings): FoundRedis {
  const fromEnvironment = passwordOf(of, ['REDIS_PASSWORD', 'VALKEY_PASSWORD'], around);
  const flags = of.environment['REDIS_ARGS']?.raw ?? '';
  const command = `${commandText(of)} ${flags}`;
  const given = /--requirepass\s+(?:"([^"]*)"|'([^']*)'|([^\s"']+))/.exec(command);
  const text = given?.[1] ?? given?.[2] ?? given?.[3];
  if (text === undefined || text === '') {
    if (!fromEnvironment && /\S+\.conf\b/.test(command))
      around.note(
        `${of.name}: its password, if it has one, stands in its .conf: name it in steady.yaml then`,
      );
    return { kind: 'redis', service: of.name, password: fromEnvironment };
  }
  const variable = soleVariable(text);
  if (fromEnvironment || variable !== undefined)
    return { kind: 'redis', service: of.name, password: fromEnvironment ?? { env: variable ?? '' } };
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
    if (file !== undefined) return secretFile(file.text, around) ?? { env: name };
    const value = service.environment[name];
    if (value === undefined || isEmpty(value)) continue;
    const variable = soleVariable(value.raw);
    if (variable !== undefined) return { env: variable };
    const env = around.variable(service, name);
    const where = value.envFile ?? 'the compose file';
    around.note(`${service.name}: its password stands in ${where}; put it in ${env} where the worker runs`);
    return { env };
  }
  return undefined;
}

/** `ALLOW_EMPTY_PASSWORD` images have them, and env files as templates. */
const isEmpty = ({ raw }: Written): boolean => raw.trim() === '';

/** `/run/secrets/NAME` leads to a file or a variable that the top-level `secrets` name. */
function secretFile(path: string, around: Surroundings): SecretReference | undefined {
  const name = /^\/run\/secrets\/([^/]+)$/.exec(path)?.[1];
  const secret = name === undefined ? undefined : around.secrets[name];
  if (secret?.environment !== undefined) return { env: secret.environment };
  return secret?.file === undefined ? undefined : { file: secret.file };
}
