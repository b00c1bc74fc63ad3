import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { signedRequester } from '../../src/client/approvals.js';
import { doubtAboutRequester, restoreRequest } from '../../src/contracts/runs/requester.js';
import { approver, person } from '../workflows/people.js';

type Asked = Parameters<typeof restoreRequest>[0];

/** All that can be asked with a restore; a field that is new has to be named here. */
const fields: { [K in keyof Required<Asked>]: fc.Arbitrary<Asked[K]> } = {
  selection: fc.record(
    {
      text: fc.constantFrom('latest', '2026-11-22', '20261122T020000Z-k7q2m9xd'),
      stores: fc.subarray(['cache', 'db']),
      unverified: fc.boolean(),
    },
    { noNullPrototype: true },
  ),
  mode: fc.constantFrom('beside', 'in-place', 'into'),
  into: fc.constantFrom('copy', '/srv/copy'),
  dryRun: fc.boolean(),
  consumersFirst: fc.boolean(),
  unsaved: fc.boolean(),
  force: fc.boolean(),
  token: fc.constantFrom('k7q2m9xd', 'k7q2m9xe'),
};
const asked = fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<Asked>;

it('a signed request is good for exactly what was asked: no field of it can be changed afterwards', () => {
  const approvers = [approver('ana', 'operator')];
  const startedAt = Date.now();
  fc.assert(
    fc.property(asked, asked, fc.constantFrom(...Object.keys(fields)), (signed, other, field) => {
      const changed = { ...signed, [field]: other[field as keyof Asked] } as Asked;
      const by = signedRequester(person('ana'), restoreRequest(signed));
      const rules = { approvers, request: restoreRequest(changed), startedAt, mustSign: true };
      const same = isDeepStrictEqual(signed, changed);
      expect(doubtAboutRequester(by, rules)).toBe(
        same ? undefined : 'the signature of the request is not valid',
      );
    }),
    { numRuns: 300 },
  );
});
