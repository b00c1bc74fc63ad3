import { describe, expect, it } from 'vitest';
import { changedParts, withStack, type Allowed } from '../../src/config/allow-file.js';
import { digestOf } from '../../src/contracts/canonical.js';
import type { Demand } from '../../src/contracts/trust.js';

const demand = (stack: string, version: number): Demand => ({
  stack,
  digest: digestOf({ stack, version }),
  parts: { limits: digestOf({ version }) },
  commands: [],
});

describe('an allow file', () => {
  it('forgets the oldest versions of a stack that changes often, and none of another', () => {
    let allowed: Allowed = withStack({ version: 1, commands: [], stacks: [] }, demand('shop', 0));
    for (let version = 0; version < 300; version++) allowed = withStack(allowed, demand('rag', version));
    // Trusted again: as new as any.
    const again = demand('rag', 200);
    allowed = withStack(allowed, again);
    for (let version = 300; version < 399; version++) allowed = withStack(allowed, demand('rag', version));
    expect(changedParts(allowed, demand('shop', 0))).toEqual([]);
    expect(changedParts(allowed, again)).toEqual([]);
    expect(changedParts(allowed, demand('rag', 299))).toEqual(['limits']);
    expect(allowed.stacks).toHaveLength(101);
  });
});
