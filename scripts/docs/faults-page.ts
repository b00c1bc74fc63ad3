import { AREAS, ENDINGS, type Ending } from '../../test/faults/endings.js';

const INTRODUCTION = `# Faults

What happens when something goes wrong, and how it ends: each row is a test of \`test/faults/\`, which makes the fault happen on a real stack and holds the ending to what stands here. \`./scripts/test faults\` runs them.

That the worker or Temporal is killed, or storage cut, is no row: \`test/crash/\` does so at every activity of every procedure, before, in and after it, and each run must end as if nothing had happened (\`./scripts/test crash --all\`). Procedures in a row under random faults: [soak.md](soak.md).`;

/** The text of docs/faults.md, from the endings that the tests are held to. */
export function faultsPage(): string {
  const all: readonly Ending[] = Object.values(ENDINGS);
  const parts = AREAS.map((area) =>
    [
      `## When it is ${area}`,
      [
        '| what happens | command | exit code | what is left | what the next run does |',
        '| --- | --- | --- | --- | --- |',
        ...all.filter((one) => one.area === area).map(row),
      ].join('\n'),
    ].join('\n\n'),
  );
  return `${[INTRODUCTION, ...parts].join('\n\n')}\n`;
}

function row({ fault, command, exit, code, left, next }: Ending): string {
  const ends = code === undefined ? `${exit}` : `${exit} (\`${code}\`)`;
  return `| ${fault} | \`${command}\` | ${ends} | ${left} | ${next} |`;
}
