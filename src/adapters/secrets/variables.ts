import { readFile } from 'node:fs/promises';

/** What a repository shows of its environment to whoever sets it up. */
export const EXAMPLE = '.env.example';
/** Shorter values, such as a port or yes, are not secrets. */
const SECRET_LENGTH = 6;

/** Names and values of a file of variables; none where it cannot be read. */
export async function readVariables(path: string): Promise<[name: string, value: string][]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return [...text.matchAll(/^\s*(?:export\s+)?(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value.trim().replace(/^(["'])(.*)\1$/, '$2'),
  ]);
}

export async function exampleValues(path: string): Promise<Set<string>> {
  const values = (await readVariables(path)).map(([, value]) => value);
  return new Set(values.filter((value) => value.length >= SECRET_LENGTH));
}

/** What vendors put where a password belongs, and what people leave there. */
const DEFAULTS = new Set([
  ...[
    'password',
    'passwd',
    'passw0rd',
    'changeme',
    'change-me',
    'change_me',
    'changeit',
    'secret',
    'mysecret',
  ],
  ...[
    'admin',
    'administrator',
    'root',
    'test',
    'guest',
    'example',
    'default',
    'letmein',
    '123456',
    '12345678',
  ],
  ...['postgres', 'minioadmin', 'minio123', 'neo4j', 'redis', 'grafana', 'rabbitmq', 'milvus', 'elastic'],
  ...['your-secret-key', 'your_secret_key', 'your-secret-key-here', 'your_secret_key_here', 'supersecret'],
  ...['super-secret-key', 'secret-key', 'secretkey', 'dev-secret', 'test-secret', 'todo', 'xxx', 'none'],
]);

/** Why everybody may know the value of a secret; undefined when nothing tells so. */
export function whyKnown(name: string, value: string, examples: ReadonlySet<string>): string | undefined {
  if (examples.has(value)) return takenFromExample(name);
  if (value !== '' && DEFAULTS.has(value.toLowerCase()))
    return `${name} is a default that everybody knows; make one of your own`;
  // In base64, the densest way it is written, 128 bits are 22 characters.
  if (/^(.*_)?SECRET_KEY$/.test(name) && value !== '' && value.length < 22)
    return `${name} is shorter than 128 bits; make one by \`openssl rand -hex 32\``;
  return undefined;
}

const takenFromExample = (name: string): string =>
  `${name} is the value that ${EXAMPLE} shows to everyone; make one of your own`;
