import type { Command } from 'commander';
import { userInfo } from 'node:os';
import { publicKeyOf } from '../../contracts/signing.js';
import { SteadyError } from '../../contracts/failures.js';
import { contextOf } from '../context.js';
import { createIdentity, identityPath, readIdentity } from '../identity-file.js';

export function addIdentityCommands(program: Command): void {
  const identity = program
    .command('identity')
    .description('your own key: requests and approvals are signed with it');
  identity
    .command('create')
    .description('make an Ed25519 key pair; never overwrites one')
    .option('--name <name>', 'your name, as in the stack file', userInfo().username)
    .action(async (options: { name: string }, command: Command) => {
      const { options: globals, output } = contextOf(command);
      const { path, key } = await createIdentity(options.name, globals.identity);
      output.line(`Your identity is in ${path}: keep it to yourself.`);
      output.line('Add to approvers in steady.yaml:');
      output.line(`  - { name: ${options.name}, key: "${key}", roles: [operator] }`);
      output.document({ name: options.name, key, path });
    });
  identity
    .command('show')
    .description('the public half, for the stack file')
    .action(async (_options: object, command: Command) => {
      const { options: globals, output } = contextOf(command);
      const found = await readIdentity(globals.identity);
      if (found === undefined)
        throw new SteadyError('identity.missing', { path: identityPath(globals.identity) });
      const key = publicKeyOf(found.secretKey);
      output.line(`${found.name} ${key}`);
      output.document({ name: found.name, key });
    });
}
