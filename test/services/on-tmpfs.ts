/**
 * Runs a program in a mount namespace of its own with a memory disk at the folder: it goes when the program ends. Who is
 * not root mounts as the root of a user namespace, and the program runs as who they are.
 */
export function onTmpfs(argv: readonly string[], folder: string, bytes: number): string[] {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const asRoot = uid === 0 ? [] : ['--map-root-user'];
  const asBefore = uid === 0 ? [] : ['unshare', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  const script = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"';
  const mounted = ['sh', '-c', script, 'sh', String(bytes), folder, ...asBefore, ...argv];
  return ['unshare', '--mount', ...asRoot, ...mounted];
}
