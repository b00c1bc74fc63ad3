import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FAILURES } from '../../src/contracts/failures.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))].filter(
  (path) => path.endsWith('.md'),
);

/** Targets of links that lead into this repository: neither elsewhere nor to a place on the same page. */
const linksOf = (text: string): string[] =>
  [...text.replaceAll(/```[^]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^([a-z]+:|#)/.test(target))
    .map((target) => target.replace(/#.*$/, ''));

describe('the pages', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const links = linksOf(readFileSync(join(root, page), 'utf8'));
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it('link to each other from the front page', () => {
    expect(linksOf(readFileSync(join(root, 'README.md'), 'utf8'))).toContain('docs/architecture.md');
  });

  it('that hints name are there', () => {
    const named = Object.values(FAILURES).flatMap(({ hint }) => hint.match(/docs\/[\w./-]*\w/g) ?? []);
    expect(named).toContain('docs/stores.md');
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
