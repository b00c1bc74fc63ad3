/** Names of the environment variables that a stack file takes secrets from, each once. */
export function variablesOf(value: unknown): string[] {
  const found = new Set<string>();
  const look = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    const { env } = at as { env?: unknown };
    if (typeof env === 'string') found.add(env);
    Object.values(at).forEach(look);
  };
  look(value);
  return [...found];
}

/** What is set here for a worker besides: how it reaches Temporal, the codec's keys, the place of its allow file. */
export const variablesSet = (): string[] =>
  Object.keys(process.env)
    .filter((name) => /^(TEMPORAL_(?!ADDRESS$)|STEADY_(CODEC_KEYS|TRUST))/.test(name))
    .sort();
