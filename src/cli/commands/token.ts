import type { Command } from 'commander';
import { changeTokens, newSecret, readTokens, secretSha256, type Token } from '../../config/tokens-file.js';
import { ACTIONS, actionsOf, TOKEN_ROLES } from '../../contracts/actions.js';
import { SteadyError } from '../../contracts/failures.js';
import { NAME_PATTERN } from '../../contracts/names.js';
import { publicKeyOf } from '../../contracts/signing.js';
import { parseDuration } from '../../contracts/stack/units.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { chosen, oneOfWords } from '../arguments.js';
import { contextOf, type Context } from '../context.js';
import { readIdentity } from '../identity-file.js';
import { apiIdentity, apiLine, tokensPath } from '../token-files.js';
import { agoText, table } from '../words.js';

interface CreateOptions {
  readonly role?: string[];
  readonly action?: string[];
  readonly service?: string[];
  readonly expires: string;
  readonly machine?: boolean;
  readonly webhook?: boolean;
  readonly tokens?: string;
}

/** A token that holds for years is one that nobody remembers. */
const LONGEST_SECONDS = 366 * 86_400;
const TOKENS_OPTION = [
  '--tokens <file>',
  'where they are kept; default: STEADY_TOKENS, .steady/tokens.json',
] as const;

export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('who may use the HTTP API, and for what');
  token
    .command('create')
    .argument('<name>', 'of the token, such as ci or phone')
    .option('--role <role...>', `what it may do: ${TOKEN_ROLES.join(', ')}`)
    .option('--action <action...>', `single actions: ${ACTIONS.join(', ')}`)
    .option('--service <name...>', 'services and stores that it may change; left out: all')
    .option('--expires <duration>', 'how long it holds, at most 366d', '90d')
    .option('--machine', 'in the name of nobody: for CD systems')
    .option('--webhook', 'a secret that requests are signed with, instead of a token that is sent')
    .option(...TOKENS_OPTION)
    .description('make a token for this stack, and show it once')
    .action(async (name: string, options: CreateOptions, command: Command) => {
      await create(contextOf(command), name, options);
    });
  token
    .command('list')
    .option(...TOKENS_OPTION)
    .description('all tokens: whose, for what, until when')
    .action((options: { tokens?: string }, command: Command) => {
      const { output, options: globals } = contextOf(command);
      const tokens = readTokens(tokensPath(options.tokens, globals.config));
      if (tokens.length === 0) output.line('No tokens yet. Make one with `steady token create`.');
      else
        table([['NAME', 'KIND', 'AS', 'MAY', 'OF', 'HOLDS'], ...tokens.map(rowOf)]).forEach((line) =>
          output.line(line),
        );
      output.document({
        tokens: tokens.map(({ sha256: _sha256, secret: _secret, ...rest }) => ({
          ...rest,
          allows: actionsOf(rest),
          holds: Date.parse(rest.expiresAt) > Date.now(),
        })),
      });
    });
  token
    .command('revoke')
    .argument('<name>', 'of the token')
    .option(...TOKENS_OPTION)
    .description('have a token hold no more, from the next request on')
    .action(async (name: string, options: { tokens?: string }, command: Command) => {
      const { output, options: globals } = contextOf(command);
      await changeTokens(tokensPath(options.tokens, globals.config), (tokens) => {
        const names = tokens.map((one) => one.name);
        oneOfWords('token', name, names);
        return tokens.filter((one) => one.name !== name);
      });
      output.line(`${name} holds no more`);
      output.document({ revoked: name });
    });
}

async function create(context: Context, name: string, options: CreateOptions): Promise<void> {
  const { output, options: globals } = context;
  const { stack } = await context.load();
  const path = tokensPath(options.tokens, globals.config);
  const secret = newSecret(options.webhook === true ? 'webhook' : 'bearer');
  const token = await tokenOf(context, { name, options, stack, secret });
  const signer = await apiIdentity(path);
  await changeTokens(path, (tokens) => {
    if (tokens.some((one) => one.name === name))
      throw new SteadyError('usage.invalid', {
        token: name,
        error: 'there is one of this name: revoke it first, or take another name',
      });
    return [...tokens, token];
  });
  const who = token.person === undefined ? 'in the name of nobody' : `in the name of ${token.person}`;
  output.line(
    `${name}: ${actionsOf(token).join(', ')} of ${ofWords(token)}, ${who}, until ${token.expiresAt}`,
  );
  output.line(`It is shown this once: ${secret}`);
  const line = apiLine(signer, stack.api);
  if (line !== undefined)
    output.line(`Where the stack file asks for approvals it counts once the file has: ${line}`);
  const { sha256: _sha256, secret: _secret, ...told } = token;
  output.document({ token: told, secret, path, apiKey: publicKeyOf(signer.secretKey) });
}

async function tokenOf(
  context: Context,
  of: {
    readonly name: string;
    readonly options: CreateOptions;
    readonly stack: Stack;
    readonly secret: string;
  },
): Promise<Token> {
  const { name, options, stack, secret } = of;
  const webhook = options.webhook === true;
  if (!NAME_PATTERN.test(name))
    throw new SteadyError('usage.invalid', { token: name, allowed: '1 to 40 of a-z, 0-9 and -' });
  const roles = (options.role ?? []).map((role) => oneOfWords('role', role, TOKEN_ROLES));
  const actions = (options.action ?? []).map((action) => oneOfWords('action', action, ACTIONS));
  if (roles.length + actions.length === 0)
    throw new SteadyError('usage.invalid', { error: 'what may it do: --role, or --action' });
  const seconds = parseDuration(options.expires) ?? 0;
  if (seconds === 0 || seconds > LONGEST_SECONDS)
    throw new SteadyError('usage.invalid', {
      expires: options.expires,
      allowed: 'a duration such as 30d, up to 366d',
    });
  const services =
    options.service &&
    chosen(options.service, [...Object.keys(stack.services), ...Object.keys(stack.stores)], 'target');
  const person = webhook || options.machine === true ? undefined : await personOf(context, stack);
  if (person === undefined && actionsOf({ roles, actions }).includes('decide'))
    throw new SteadyError('usage.invalid', {
      error:
        'only a person decides: an approver’s token is made with that person’s identity, and is no machine’s',
    });
  const now = Date.now();
  return {
    name,
    kind: webhook ? 'webhook' : 'bearer',
    ...(webhook ? { secret } : { sha256: secretSha256(secret) }),
    ...(person !== undefined && { person }),
    roles,
    actions,
    stacks: [stack.stack],
    ...(services && { services: [...services] }),
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + seconds * 1000).toISOString(),
  };
}

/** Whose token it is: of whoever makes it, as the stack file knows them. */
async function personOf(context: Context, stack: Stack): Promise<string | undefined> {
  const identity = await readIdentity(context.options.identity);
  if (identity === undefined) return undefined;
  const key = publicKeyOf(identity.secretKey);
  if (stack.approvers.some((one) => one.name === identity.name && one.key === key)) return identity.name;
  throw new SteadyError(
    'usage.invalid',
    { identity: identity.name, error: 'not under approvers in the stack file with this key' },
    { hint: 'Add it there first, or make a token that is of nobody: --machine.' },
  );
}

const ofWords = ({ stacks, services }: Token): string =>
  services === undefined ? stacks.join(', ') : `${stacks.join(', ')} (${services.join(', ')})`;

function rowOf(token: Token): string[] {
  const over = Date.parse(token.expiresAt) <= Date.now();
  return [
    token.name,
    token.kind,
    token.person ?? '',
    actionsOf(token).join(','),
    ofWords(token),
    over ? `ended ${agoText(token.expiresAt)}` : `ends ${agoText(token.expiresAt)}`,
  ];
}
