import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createGauges } from '../../../src/workers/metrics/gauges.js';
import { toolPath } from '../../services/tools.js';

const RULES = fileURLToPath(new URL('../../../examples/alerts/steadyhand.rules.yml', import.meta.url));
const TESTS = fileURLToPath(new URL('./steadyhand.test.yml', import.meta.url));

/** What promtool says, and how it ends. */
async function promtool(...args: string[]): Promise<{ readonly code: number; readonly says: string }> {
  const run = promisify(execFile)(toolPath('promtool'), args);
  return await run.then(
    ({ stdout, stderr }) => ({ code: 0, says: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      says: stdout + stderr,
    }),
  );
}

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'steady-rules-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('the alert rules', () => {
  it('are rules of Prometheus; one with a bracket of PromQL too few would not be', async () => {
    expect(await promtool('check', 'rules', RULES)).toMatchObject({ code: 0 });
    const broken = join(scratch, 'broken.rules.yml');
    await writeFile(broken, (await readFile(RULES, 'utf8')).replace('unless on (site)', 'unless on site)'));
    expect((await promtool('check', 'rules', broken)).code).not.toBe(0);
  });

  it('fire for what they are for, and for nothing else', async () => {
    const { code, says } = await promtool('test', 'rules', TESTS);
    expect(code, says).toBe(0);
  });

  it('each have a test, and name only metrics that a worker or Prometheus itself has', async () => {
    interface Rule {
      readonly alert: string;
      readonly expr: string;
    }
    interface Tested {
      readonly alertname: string;
      readonly exp_alerts: unknown[];
    }
    const { groups } = parse(await readFile(RULES, 'utf8')) as { groups: { rules: Rule[] }[] };
    const { tests } = parse(await readFile(TESTS, 'utf8')) as { tests: { alert_rule_test: Tested[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    const fired = tests.flatMap((one) => one.alert_rule_test).filter((one) => one.exp_alerts.length > 0);
    expect(rules.map((one) => one.alert).sort()).toEqual(
      [...new Set(fired.map((one) => one.alertname))].sort(),
    );
    const metrics = (await createGauges('main').registry.getMetricsAsJSON()).map(({ name }) => name);
    for (const { alert, expr } of rules) {
      const named = expr.match(/steady_\w+/g) ?? [];
      expect([alert, named.filter((name) => !metrics.includes(name))]).toEqual([alert, []]);
      expect(named.length, alert).toBeGreaterThan(0);
    }
  });
});
