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
