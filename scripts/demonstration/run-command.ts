import { spawn } from 'node:child_process';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; throws with its words unless it ends with 0. `show` lets its lines through, indented. */
export function runCommand(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly show: boolean },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (options.show) process.stdout.write(chunk.toString().replaceAll(/^(?=.)/gm, '    '));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (options.show) process.stdout.write(chunk.toString().replaceAll(/^(?=.)/gm, '    '));
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve({ code, stdout, stderr });
      else reject(new Error(`steady ${argv.slice(2).join(' ')} ended with ${code}\n${stdout}${stderr}`));
    });
  });
}
