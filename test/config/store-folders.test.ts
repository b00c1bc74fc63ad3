import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseStackText } from '../../src/config/parse-stack-text.js';
import { formatProblem, StackFileError } from '../../src/config/problems.js';
import { NOW, withPart } from './stack-text.js';

interface Given {
  readonly path: string;
  readonly storage?: string;
  readonly exclude?: string;
  readonly folder?: string;
  readonly identity?: string;
  readonly password?: string;
}

/** What is said of a stack file in /srv/shop whose store `uploads` is a folder: `error: …` and `warning: …` lines. */
function said({ path, storage = '/backups', exclude = '', folder = '/srv/shop', ...keys }: Given): string[] {
  const text = withPart('files: { volume: rag_uploads }', `files: { path: ${path}, exclude: [${exclude}] }`)
    .replace('{ path: /backups }', `{ path: ${storage} }`)
    .replace('/etc/steady/proof.key', keys.identity ?? '/etc/steady/proof.key')
    .replace('{ env: POSTGRES_PASSWORD }', keys.password ?? '{ env: POSTGRES_PASSWORD }');
  try {
    const { warnings } = parseStackText(text, 'steady.yaml', { now: NOW, folder });
    return warnings.map((one) => `warning: ${formatProblem(one)}`);
  } catch (error) {
    if (error instanceof StackFileError) return error.problems.map((one) => `error: ${formatProblem(one)}`);
    throw error;
  }
}

const AT = 'steady.yaml:21:20 stores.uploads.files.path: ';
const OWN = `error: ${AT}this file and .steady, the state beside this file, lie in it: a restore would take them away with the data; name the folders that hold data`;
const STATE = `error: ${AT}.steady, the state beside this file, lies in it: a restore would take it away with the data; name the folders that hold data`;
const BACKUPS = `error: ${AT}storage.main.directory lies in it: a restore would take all backups away with the data, also where exclude names it; name the folders that hold data, or move storage elsewhere`;
const AMONG = `error: ${AT}it lies in storage.main.directory, among the backups; keep the data elsewhere, or move storage`;

describe('a folder that is a store', () => {
  it.each(['/srv/shop/uploads', 'uploads', '../shop-uploads', '/srv/shop2', './.steady-not', '..data'])(
    'is fine beside the stack file and apart from it: %s',
    (path) => expect(said({ path })).toEqual([]),
  );

  it.each(['.', '/srv/shop', '/srv/shop/', 'uploads/..', '..', '/srv'])(
    'is refused where the stack file lies in it: %s',
    (path) => expect(said({ path, exclude: '.steady, steady.yaml' })).toEqual([OWN]),
  );

  it('is refused where it is the state of steadyhand, or a part of that', () => {
    expect(said({ path: '.steady' })).toEqual([STATE]);
    expect(said({ path: '.steady/services' })).toEqual([
      `error: ${AT}it lies in .steady, the state beside this file, which changes while a restore runs; name the folders that hold data`,
    ]);
  });

  it('is refused where it is the whole machine', () => {
    expect(said({ path: '/' })).toEqual([
      `error: ${AT}the whole machine, running databases with it: name the folders that hold data`,
    ]);
  });

  it.each(['', 'backups', './backups/', 'data/backups'])(
    'is refused where the backups lie in it, also when they are left out of them: [%s]',
    (exclude) => {
      const storage = '/srv/data/backups';
      expect(said({ path: '/srv/data', storage, exclude })).toEqual([BACKUPS]);
      expect(said({ path: '/srv/data/backups', storage, exclude })).toEqual([BACKUPS]);
    },
  );

  it('is refused where it lies among the backups', () => {
    expect(said({ path: '../backups/x', storage: '../backups' })).toEqual([AMONG]);
    expect(said({ path: '../backups-of-old', storage: '../backups' })).toEqual([]);
  });

  it('had better not hold the age identity and other secrets', () => {
    const lies = 'lies in the folder of store uploads: its backups would hold';
    const keep = 'and a restore replaces or removes it; keep it elsewhere';
    expect(
      said({ path: 'conf', identity: 'conf/keys/proof.key', password: '{ file: /srv/shop/conf/db }' }),
    ).toEqual([
      `warning: steady.yaml:14:25 storage.encryption.age.identity.file: ${lies} the key that opens them, ${keep}`,
      `warning: steady.yaml:17:80 stores.db.postgres.password.file: ${lies} this secret, ${keep}`,
    ]);
    expect(said({ path: 'conf', identity: 'proof.key', password: '{ env: conf }' })).toEqual([]);
  });

  it('is told of where it lies in that of another store', () => {
    const text = withPart(
      'redis: { service: redis, password: { env: REDIS_PASSWORD } }',
      'files: { path: a }',
    );
    const both = text.replace('files: { volume: rag_uploads }', 'files: { path: a/b }');
    const { warnings } = parseStackText(both, 'steady.yaml', { now: NOW, folder: '/srv/shop' });
    expect(warnings.map(formatProblem)).toEqual([
      `${AT}it lies in the folder of store cache: a restore of that one replaces both`,
    ]);
  });
});

describe('a folder that is a store, with symbolic links on the way', () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'steady-links-')));
    for (const folder of ['shop/.steady', 'disk/backups', 'disk/data', 'etc'])
      mkdirSync(join(root, folder), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const link = (path: string, to: string): void => symlinkSync(join(root, to), join(root, path));
  const here = (given: Given): string[] => said({ folder: join(root, 'shop'), ...given });

  it('is known by where it really is', () => {
    link('way', 'shop');
    link('shop/data', 'disk');
    expect(here({ path: '../way' })).toEqual([OWN]);
    expect(here({ path: 'data', storage: join(root, 'disk/backups') })).toEqual([BACKUPS]);
    // Not made yet: the first backup makes it.
    expect(here({ path: 'data', storage: join(root, 'disk/new/backups') })).toEqual([BACKUPS]);
    expect(here({ path: 'data/data', storage: join(root, 'disk/backups') })).toEqual([]);
  });

  it('is not to hold a link by which the backups or the stack file are found', () => {
    link('disk/data/elsewhere', 'etc');
    expect(here({ path: '../disk/data', storage: '../disk/data/elsewhere' })).toEqual([BACKUPS]);
    writeFileSync(join(root, 'etc/shop.yaml'), '');
    link('shop/steady.yaml', 'etc/shop.yaml');
    expect(here({ path: '../etc' })).toEqual([
      `error: ${AT}this file lies in it: a restore would take it away with the data; name the folders that hold data`,
    ]);
  });

  it('is the same one as that of another store, however it is named', () => {
    link('way', 'disk/data');
    const text = withPart(
      'redis: { service: redis, password: { env: REDIS_PASSWORD } }',
      'files: { path: ../way }',
    ).replace('files: { volume: rag_uploads }', 'files: { path: ../disk/data }');
    const { warnings } = parseStackText(text, 'steady.yaml', { now: NOW, folder: join(root, 'shop') });
    expect(warnings.map(formatProblem)).toEqual([
      'steady.yaml:20:3 stores.uploads: the same folder or volume as store cache: it is backed up twice, and a restore of one replaces the other',
    ]);
  });
});
