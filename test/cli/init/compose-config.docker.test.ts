import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { ComposeService } from '../../../src/cli/init/compose/service.js';
import { projectName } from '../../../src/cli/init/names.js';
import { ENVIRONMENT, folderOf, loadProject, PROJECTS, type ProjectName } from './projects.js';

interface Config {
  readonly name: string;
  readonly services: Readonly<Record<string, ConfigService>>;
  readonly volumes?: Readonly<Record<string, { name: string }>>;
}

interface ConfigService {
  readonly image?: string;
  readonly command?: string[] | null;
  readonly entrypoint?: string[] | null;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly depends_on?: Readonly<Record<string, { condition: string; required: boolean }>>;
  readonly volumes?: readonly { type: string; source?: string; target: string; read_only?: boolean }[];
  readonly volumes_from?: readonly string[];
  readonly healthcheck?: { test?: string[] };
}

async function composeConfig(name: ProjectName, profiles: string): Promise<Config> {
  const { stdout } = await promisify(execFile)(
    'docker',
    ['compose', ...PROJECTS[name].flatMap((file) => ['-f', file]), 'config', '--format', 'json'],
    {
      cwd: folderOf(name),
      env: {
        PATH: process.env['PATH'],
        DOCKER_CONFIG: process.env['DOCKER_CONFIG'],
        ...ENVIRONMENT,
        COMPOSE_PROFILES: profiles,
      },
    },
  );
  return JSON.parse(stdout) as Config;
}

/** `config` writes a dollar sign as `$$`, so that its output could be read again. */
const plain = (text: string): string => text.replaceAll('$$', '$');
/** Words of a command, however they were quoted. */
const bare = (text: string): string =>
  plain(text)
    .replaceAll(/["'\\\s,]+/g, ' ')
    .trim();
const sorted = <T>(entries: readonly (readonly [string, T])[]) =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

function asRead(service: ComposeService) {
  return {
    image: service.image,
    command: bare(service.commands.map(({ text }) => text).join(' ')),
    environment: sorted(Object.entries(service.environment).map(([key, { text }]) => [key, text])),
    dependsOn: sorted(service.dependsOn.map(({ name, required, job }) => [name, { required, job }])),
    mounts: sorted(
      service.mounts.map(({ type, source, target, readOnly }) => [
        target,
        { type: type === 'anonymous' ? 'volume' : type, source, readOnly },
      ]),
    ),
    health: bare(service.healthTest),
  };
}

function asConfigured(name: string, services: Config['services']) {
  const service = services[name] ?? {};
  const words = [...(service.entrypoint ?? []), ...(service.command ?? [])];
  const test = service.healthcheck?.test ?? [];
  const mountsOf = (from: string, readOnly: boolean): [string, unknown][] => [
    ...(services[from]?.volumes_from ?? []).flatMap((one) => {
      const [other = '', mode] = one.split(':');
      return mountsOf(other, readOnly || mode === 'ro');
    }),
    ...(services[from]?.volumes ?? [])
      .filter(({ type }) => type !== 'tmpfs')
      .map(({ type, source = '', target, read_only }): [string, unknown] => [
        target,
        { type, source, readOnly: readOnly || read_only === true },
      ]),
  ];
  return {
    image: service.image ?? '',
    command: bare(words.join(' ')),
    environment: sorted(
      Object.entries(service.environment ?? {}).map(([key, value]) => [key, plain(value ?? '')]),
    ),
    dependsOn: sorted(
      Object.entries(service.depends_on ?? {}).map(([other, { required, condition }]) => [
        other,
        { required, job: condition === 'service_completed_successfully' },
      ]),
    ),
    mounts: sorted(mountsOf(name, false)),
    health: bare(test.join(' ').replace(/^CMD-SHELL /, '')),
  };
}

const NAMES = Object.keys(PROJECTS) as ProjectName[];
const CASES = NAMES.flatMap((name) => ['', 'dev,debug'].map((profiles) => ({ name, profiles })));

it.each(CASES)(
  '$name, with the profiles "$profiles", is read as `docker compose config` reads it',
  async ({ name, profiles }) => {
    const config = await composeConfig(name, profiles);
    const project = loadProject(name, { COMPOSE_PROFILES: profiles });
    const running = project.services.filter((service) => !service.byProfileOnly);
    const asText = ({ health, ...rest }: ReturnType<typeof asRead>) => ({
      ...rest,
      health: health.replace(/^CMD-SHELL /, ''),
    });

    expect(project.ownName ?? projectName(project.folder)).toBe(config.name);
    expect(running.map((service) => service.name).sort()).toEqual(Object.keys(config.services).sort());
    for (const service of running)
      expect([service.name, asText(asRead(service))]).toEqual([
        service.name,
        asConfigured(service.name, config.services),
      ]);
    for (const [volume, { name: full }] of Object.entries(config.volumes ?? {}))
      expect([volume, project.volumes[volume] ?? `${config.name}_${volume}`]).toEqual([volume, full]);
  },
);
