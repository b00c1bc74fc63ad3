import { describe, expect, it } from 'vitest';
import { groupLines, hasFields, isError, patternOf } from '../../../src/activities/logs/log-lines.js';

describe('a line of a log', () => {
  it.each([
    ['{"level":"error","msg":"no model"}', true],
    ['{"levelname": "ERROR", "message": "no model"}', true],
    ['{"level":50,"msg":"pino"}', true],
    ['{"level":30,"msg":"an error was mended"}', false],
    ['{"severity":"INFO","message":"0 errors"}', false],
    ['2026-11-22 02:00:00 ERROR cannot reach redis', true],
    ['Traceback (most recent call last):', true],
    ['GET /health 200', false],
    ['{not json, but an exception', true],
  ])('%s tells of an error: %s', (line, wanted) => {
    expect(isError(line)).toBe(wanted);
  });

  it('is an error by the pattern of the user alone where there is one, in any case', () => {
    expect(isError('fallback activated', 'FALLBACK')).toBe(true);
    expect(isError('ERROR', 'FALLBACK')).toBe(false);
  });

  it('says the same as another whose time, ids and numbers differ', () => {
    const [one, other] = [
      '2026-11-22T02:00:00.123Z ERROR request 3f2504e0-4f89-11d3-9a0c-0305e82c3301 to 10.0.0.7:6379 took 512 ms',
      '2026-11-23 14:10:59,004 ERROR request 00000000-4f89-11d3-9a0c-0305e82c3302 to 10.0.0.9:6380 took 7 ms',
    ];
    expect(patternOf(one)).toBe('# ERROR request # to # took # ms');
    expect(patternOf(other)).toBe(patternOf(one));
  });

  it('of JSON is told by what it says, not by its other fields', () => {
    const line = (request: string) =>
      `{"level":"error","error_type":"IngestionError","message":"chunk 7 failed","request_id":"${request}"}`;
    expect(patternOf(line('a'))).toBe('IngestionError: chunk # failed');
    expect(groupLines([line('a'), line('b')])).toEqual([
      { pattern: 'IngestionError: chunk # failed', count: 2, example: line('b') },
    ]);
  });

  it('is cut where it is long', () => {
    expect(patternOf('x'.repeat(900))).toHaveLength(501);
  });
});

describe('fields', () => {
  it.each([
    ['{"request_id":"a1","status":500}', { request_id: 'a1' }, true],
    ['{"request_id":"a1","status":500}', { request_id: 'a1', status: '500' }, true],
    ['{"request_id":"a12"}', { request_id: 'a1' }, false],
    ['2026-11-22 ERROR request_id=a1 failed', { request_id: 'a1' }, true],
    ['2026-11-22 ERROR request_id="a1" failed', { request_id: 'a1' }, true],
    ['request_id: a1', { request_id: 'a1' }, true],
    ['request_id=a12', { request_id: 'a1' }, false],
    ['xrequest_id=a1', { request_id: 'a1' }, false],
    ['path=/a.b', { path: '/a.b' }, true],
    ['path=/axb', { path: '/a.b' }, false],
    ['anything', {}, true],
  ])('of %s: %j is there: %s', (line, fields, wanted) => {
    expect(hasFields(line, fields)).toBe(wanted);
  });
});

describe('groups', () => {
  it('come with the most frequent first', () => {
    expect(groupLines(['b 1', 'a', 'b 2']).map(({ pattern, count }) => [pattern, count])).toEqual([
      ['b #', 2],
      ['a', 1],
    ]);
  });
});
