import { describe, expect, it } from 'vitest';
import { failureLines } from '../../src/cli/failure-lines.js';
import { failureMessage } from '../../src/contracts/failures.js';

describe('the message of a failure', () => {
  it('gives each store’s own failure a line, quoted once', () => {
    const db = failureMessage('store.denied', { store: 'db', says: 'psql: "127.0.0.1", port 5432: no' });
    const cache = failureMessage('store.unreachable', { store: 'cache', says: 'refused' });
    expect(failureLines(failureMessage('backup.failed', { db, cache }))).toEqual([
      'a store could not be backed up',
      String.raw`  db: the store refused the credentials [store=db says="psql: \"127.0.0.1\", port 5432: no"]`,
      '  cache: cannot reach the store [store=cache says=refused]',
    ]);
  });

  it('stays one line where its facts are plain', () => {
    for (const message of [
      failureMessage('approval.denied', { by: 'ben', reason: 'not "now"' }),
      failureMessage('cancelled', {}),
      'odd [x',
      'odd [says="a=b',
    ])
      expect(failureLines(message)).toEqual([message]);
  });
});
