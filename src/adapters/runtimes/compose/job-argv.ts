import { compose, engine, envFlags, type Argv, type ComposeTarget, type ContainerEnv } from './argv.js';

/** A container of its own like one of a service, that stays when its command has ended; nothing else is started. */
export function composeRunDetached(
  target: ComposeTarget,
  to: {
    service: string;
    name: string;
    labels: readonly string[];
    env: ContainerEnv;
    argv: readonly string[];
  },
): Argv {
  const alone = target.tool === 'nerdctl' ? [] : ['--no-deps'];
  const labels = to.labels.flatMap((label) => ['--label', label]);
  const flags = ['-d', ...alone, '--name', to.name, ...labels, ...envFlags(to.env)];
  return [...compose(target), 'run', ...flags, to.service, ...to.argv];
}

/** One that was made and has not begun. */
export function containerStart(target: ComposeTarget, container: string): Argv {
  return [...engine(target), 'start', container];
}
