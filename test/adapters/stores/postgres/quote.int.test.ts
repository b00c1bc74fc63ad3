import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteIdentifier, quoteLiteral } from '../../../../src/adapters/stores/postgres/quote.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';

describe('quoting as a server reads it', () => {
  let pg: PostgresService;
  beforeAll(async () => {
    pg = await startPostgres();
  });
  afterAll(() => pg.stop());

  // What a server can hold and psql prints: no NUL, no lone surrogates, none of Unicode's noncharacters (psql leaves
  // those out of results), and 63 bytes for a name.
  const text = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 15 })
    .filter((s) => Buffer.from(s).toString('utf8') === s && !/\0|\p{Noncharacter_Code_Point}/u.test(s));

  it('gives any name and any value back as it was', () => {
    const texts = fc.sample(text, 300);
    const rows = texts.map(
      (value, i) =>
        `SELECT ${i} AS n, to_jsonb(${quoteLiteral(value)}::text) AS v, to_jsonb(x) -> ${quoteLiteral(value)} AS k FROM (SELECT 1 AS ${quoteIdentifier(value)}) x`,
    );
    const answer = pg.sql(
      'postgres',
      `SELECT jsonb_agg(jsonb_build_object('v', v, 'k', k) ORDER BY n) FROM (${rows.join(' UNION ALL ')}) r`,
    );
    expect(JSON.parse(answer)).toEqual(texts.map((v) => ({ v, k: 1 })));
  });
});
