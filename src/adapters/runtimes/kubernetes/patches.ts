import { z } from 'zod';
import { SteadyError } from '../../../contracts/failures.js';
import type { Version } from '../port.js';
import { OURS, type ContainerObject, type EnvEntry } from './objects.js';

const envEntrySchema = z.looseObject({ name: z.string() });
const overlaidSchema = z.object({
  /** Variables as the object had them; null: it had none of that name. */
  env: z.record(z.string(), envEntrySchema.nullable()).default({}),
  limits: z.record(z.string(), z.union([z.string(), z.number()]).nullable()).default({}),
});
/** What settings of ours lie over in an object. */
export type Overlaid = z.infer<typeof overlaidSchema>;

export const parseOverlaid = (text: string | undefined): Overlaid =>
  overlaidSchema.parse(text === undefined ? {} : JSON.parse(text));

/** What the settings of a version lie over, when they take the place of those before; what a container has now counts. Pure. */
export function overlaidBy({ settings }: Version, container: ContainerObject, before: Overlaid): Overlaid {
  const limits = limitsOf(settings);
  const own = (name: string): EnvEntry | null => container.env.find((one) => one.name === name) ?? null;
  return {
    env: Object.fromEntries(
      Object.keys(settings.env).map((name) => [
        name,
        name in before.env ? (before.env[name] ?? null) : own(name),
      ]),
    ),
    limits: Object.fromEntries(
      Object.keys(limits).map((name) => [
        name,
        name in before.limits ? (before.limits[name] ?? null) : (container.resources.limits[name] ?? null),
      ]),
    ),
  };
}

/**
 * Another image, variables and limits of one container, in one change of the template, so that it is rolled out once. What
 * an earlier version had set and this one does not is as the object had it. Pure.
 */
export function versionPatch(container: string, version: Version, before: Overlaid): object {
  const { revision, image, settings } = version;
  const given = limitsOf(settings);
  const env = [
    // In place of one that the object takes from elsewhere.
    ...Object.entries(settings.env).map(([name, value]) => ({ name, value, valueFrom: null })),
    ...Object.entries(before.env)
      .filter(([name]) => !(name in settings.env))
      .map(([name, entry]) =>
        entry === null ? { name, $patch: 'delete' } : { value: null, valueFrom: null, ...entry },
      ),
  ];
  const limits = {
    ...Object.fromEntries(Object.entries(before.limits).filter(([name]) => !(name in given))),
    ...given,
  };
  return templatePatch(
    { [OURS.revision]: String(revision) },
    {
      containers: [
        {
          name: container,
          image: image.digest ?? image.name,
          ...(env.length > 0 && { env }),
          ...(Object.keys(limits).length > 0 && { resources: { limits } }),
        },
      ],
    },
  );
}

const limitsOf = ({ memory, cpus }: Version['settings']): Record<string, string> => ({
  ...(memory !== undefined && { memory: quantity(memory) }),
  ...(cpus !== undefined && { cpu: cpus }),
});

export const templatePatch = (annotations: Readonly<Record<string, string>>, spec?: object): object => ({
  spec: { template: { metadata: { annotations }, ...(spec && { spec }) } },
});

export const annotationPatch = (annotations: Readonly<Record<string, string | null>>): object => ({
  metadata: { annotations },
});

/** `4g` of compose is `4Gi` here: both count in powers of 1024. */
export function quantity(size: string): string {
  const found = /^(\d+(?:\.\d+)?)([bkmg])b?$/i.exec(size);
  if (found === null)
    throw new SteadyError('usage.invalid', { memory: size, allowed: 'a size such as 512m or 4g' });
  const [, number = '', unit = ''] = found;
  const units: Record<string, string> = { b: '', k: 'Ki', m: 'Mi', g: 'Gi' };
  return `${number}${units[unit.toLowerCase()] ?? ''}`;
}
