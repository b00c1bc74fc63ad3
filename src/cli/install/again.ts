/** The same command line, without the option that installs it. */
export function withoutInstall(argv: readonly string[], folder: string | true): string[] {
  const at = argv.indexOf('--install');
  if (at === -1) return argv.filter((word) => !word.startsWith('--install='));
  return argv.toSpliced(at, folder === true ? 1 : 2);
}
