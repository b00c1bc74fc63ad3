import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { askedBy, decide, sendDecision, signedRequester } from '../../src/client/approvals.js';
import { freeze } from '../../src/client/entities.js';
import { resultOf } from '../../src/client/outcome.js';
import { listRuns } from '../../src/client/runs.js';
import { runId } from '../../src/contracts/ids.js';
import type { HoldInput, RestoreResult, UndoInput } from '../../src/contracts/runs/procedures.js';
import type { ApprovalState, Decision, SignedDecision } from '../../src/contracts/runs/approval.js';
import { proposalDigest } from '../../src/contracts/runs/approval.js';
import { restoreRequest } from '../../src/contracts/runs/requester.js';
import { isSigned, sign } from '../../src/contracts/signing.js';
import { startRig, type Rig } from './harness.js';
import { approver, person } from './people.js';
import { failureOfRun, type World } from './world.js';
import { PATIENTLY } from './patience.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const ana = person('ana');
const ben = person('ben');
const cleo = person('cleo');
const people = [approver('ana', 'operator'), approver('ben', 'operator', 'owner'), approver('cleo', 'owner')];

async function guarded(restore: Record<string, unknown>): Promise<World> {
  const world = rig.world({
    stores: { db: { live: 'good' } },
    file: { approvers: people, approvals: { restore } },
  });
  await world.backup();
  world.data('db').live = 'bad';
  return world;
}

/** Waits until a run asks. */
async function question(handle: WorkflowHandle): Promise<ApprovalState> {
  return await vi.waitFor(async () => {
    const state = await askedBy(handle);
    if (state === undefined) throw new Error('it has not asked yet');
    return state;
  }, PATIENTLY);
}

const reasonOf = async (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'accepted',
    (error: Error) => error.message,
  );

const yes = { decision: 'approve', reason: 'go on' } as const;

function decisionOn(shown: ApprovalState, name: string, change: Partial<Decision> = {}): Decision {
  const { workflowId, runId, step } = shown.proposal;
  const at = new Date().toISOString();
  const decision = {
    version: 1,
    workflowId,
    runId,
    step,
    proposal: shown.digest,
    name,
    reason: '',
    at,
  } as const;
  return { ...decision, decision: 'approve', ...change };
}

describe.concurrent('an approval', () => {
  it('lets the restore go on, and stands in the record with what was shown', async () => {
    const world = await guarded({ from: 'owner' });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    expect(shown.proposal.title).toBe(`Restore db of ${world.stack}`);
    expect(shown.proposal.lines[0]).toMatch(/^db: from \S+, data of/);
    expect((await world.timeline(handle)).waiting).toMatch(/^approval by ben or cleo until /);
    await vi.waitFor(async () => {
      const [open] = await listRuns(rig.steady, { stack: world.stack, open: true, procedure: 'restore' });
      expect(open?.awaiting).toBe('owner');
    }, PATIENTLY);
    expect(world.data('db').live).toBe('bad');

    const state = await decide(handle, { identity: ben, shown, ...yes });
    expect(state.status).toBe('approved');
    await resultOf(handle);
    expect(world.data('db').live).toBe('good');

    // A stranger can check it years later with the public key alone.
    const [approval] = (await world.record(handle)).approvals as ApprovalState[];
    expect(approval?.digest).toBe(proposalDigest(shown.proposal));
    const [signed] = approval?.decisions ?? [];
    expect(signed && isSigned('decision', signed.decision, signed.signature, approver('ben').key)).toBe(true);
  });

  it('is refused when it comes from who asked', async () => {
    const world = await guarded({ from: 'operator' });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    expect(await reasonOf(decide(handle, { identity: ana, shown, ...yes }))).toContain(
      'ana asked for it and cannot approve it',
    );
    expect((await question(handle)).status).toBe('waiting');
    await decide(handle, { identity: ben, shown, ...yes });
    await resultOf(handle);
  });

  it('is taken from who asked where the stack file says so', async () => {
    const world = await guarded({ from: 'operator', self: true });
    const handle = await world.restore({ asked: ana });
    await decide(handle, { identity: ana, shown: await question(handle), ...yes });
    await resultOf(handle);
    expect(world.data('db').live).toBe('good');
  });

  it('is asked for again when the plan has changed before the stores are taken; the first one is refused', async () => {
    const world = await guarded({ from: 'owner' });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    // Meanwhile the live data are lost, so that no safety copy can be made of them.
    world.data('db').live = undefined;
    const [first] = (await decide(handle, { identity: ben, shown, ...yes })).decisions;
    const again = await vi.waitFor(async () => {
      const state = await question(handle);
      if (state.digest === shown.digest) throw new Error('not asked again yet');
      return state;
    }, PATIENTLY);
    expect(again.proposal.lines[0]).toBe('new: db: the live data cannot be read');
    expect(await reasonOf(sendDecision(handle, first as SignedDecision))).toContain(
      'the proposal has changed since it was shown',
    );
    await decide(handle, { identity: cleo, shown: again, ...yes });
    await resultOf(handle);
    expect(world.data('db').live).toBe('good');
    expect(await world.steps(handle)).toContain('Ask again, for what was approved has changed');
    expect((await world.record(handle)).approvals).toHaveLength(2);
    await world.expectAllLetGo();
  });

  describe('of an undo', () => {
    const begin = async () => {
      const world = await guarded({ from: 'operator', self: true });
      return {
        world,
        async restored(): Promise<WorkflowHandle> {
          const handle = await world.restore({ asked: ana });
          await decide(handle, { identity: ana, shown: await question(handle), ...yes });
          await resultOf(handle);
          return handle;
        },
        async undo({ workflowId: restore }: WorkflowHandle): Promise<WorkflowHandle> {
          const held = rig.steady.client.workflow.getHandle(runId('hold', world.stack, restore.slice(-8)));
          const input = { restore, hold: await held.query<HoldInput>('hold') };
          const by = signedRequester(ana, { undo: restore });
          return await world.start<UndoInput & { hold: HoldInput }>('restore-undo', input, { by });
        },
      };
    };

    it('is asked for again when another restore has had the store since; the first one is refused', async () => {
      const { world, restored, undo } = await begin();
      const first = await restored();
      const handle = await undo(first);
      const shown = await question(handle);
      const { workflowId: other } = await restored();
      const [decision] = (await decide(handle, { identity: ana, shown, ...yes })).decisions;
      const again = await vi.waitFor(async () => {
        const state = await question(handle);
        if (state.digest === shown.digest) throw new Error('not asked again yet');
        return state;
      }, PATIENTLY);
      expect(again.proposal.lines[0]).toBe(
        `db: ${other} has had it since ${first.workflowId}: what it left goes, and is kept aside`,
      );
      expect(await reasonOf(sendDecision(handle, decision as SignedDecision))).toContain(
        'the proposal has changed since it was shown',
      );
      expect(world.data('db').live).toBe('good');
      // Nobody has had it since that was asked.
      await decide(handle, { identity: ana, shown: again, ...yes });
      await resultOf(handle);
      expect(world.data('db').live).toBe('bad');
    });

    it('is not asked for again when another undo has put everything back meanwhile', async () => {
      const { world, restored, undo } = await begin();
      const restore = await restored();
      const [first, second] = [await undo(restore), await undo(restore)];
      const shown = await question(second);
      await decide(first, { identity: ana, shown: await question(first), ...yes });
      await resultOf(first);
      await decide(second, { identity: ana, shown, ...yes });
      const { code, message } = await failureOfRun(second);
      expect([code, message]).toEqual(['store.gone', expect.stringContaining('it was undone already')]);
      expect(world.data('db').live).toBe('bad');
      expect((await world.record(second)).approvals).toHaveLength(1);
    });
  });

  it('is not asked for while the store is frozen, which a dry run says', async () => {
    const world = await guarded({ from: 'owner' });
    const at = '2026-11-22T02:00:00.000Z';
    await freeze(rig.steady, world.snapshot.stack, 'db', { by: 'ana', reason: 'an audit', at });
    const handle = await world.restore({ asked: ana });
    expect((await failureOfRun(handle)).code).toBe('target.frozen');
    expect(await askedBy(handle)).toBeUndefined();
    const dry = await resultOf<RestoreResult>(await world.restore({ asked: ana, dryRun: true }));
    expect(dry.lines[0]).toBe(`db frozen by ana at ${at}: an audit`);
  });

  it('is not asked for again only because rows were written meanwhile', async () => {
    const world = await guarded({ from: 'owner' });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    expect(shown.proposal.lines).toContain('db: the live data: bytes 3 (backup: 4)');
    world.data('db').live = 'worse';
    await decide(handle, { identity: ben, shown, ...yes });
    await resultOf(handle);
    expect((await world.record(handle)).approvals).toHaveLength(1);
  });

  it('is refused when it is copied from another run', async () => {
    const world = await guarded({ from: 'owner' });
    const [first, second] = [await world.restore({ asked: ana }), await world.restore({ asked: ana })];
    const shown = await question(first);
    const decision = decisionOn(shown, 'ben');
    const signed = { decision, signature: sign('decision', decision, ben.secretKey) };
    await question(second);
    expect(await reasonOf(sendDecision(second, signed))).toContain('it was signed for another run');
    // The same words over this run, under the old signature.
    const adapted = {
      ...decision,
      ...(({ workflowId, runId }) => ({ workflowId, runId }))((await question(second)).proposal),
    };
    const forged = {
      decision: { ...adapted, proposal: (await question(second)).digest },
      signature: signed.signature,
    };
    expect(await reasonOf(sendDecision(second, forged))).toContain('the signature is not of ben');
    await Promise.all([first.cancel(), second.cancel()]);
  });

  it('is refused when what it was shown is not what is asked', async () => {
    const world = await guarded({ from: 'owner' });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    const proposal = { ...shown.proposal, lines: ['nothing much happens'] };
    const other = { ...shown, proposal, digest: proposalDigest(proposal) };
    expect(await reasonOf(decide(handle, { identity: ben, shown: other, ...yes }))).toContain(
      'the proposal has changed since it was shown',
    );
    await handle.cancel();
  });

  it('is refused from a stranger, from one without the role, and under another name', async () => {
    const world = await guarded({ from: 'owner' });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    const [mallory, dora] = [person('mallory'), { ...person('mallory'), name: 'ben' }];
    expect(await reasonOf(decide(handle, { identity: mallory, shown, ...yes }))).toContain(
      'mallory is not named in the stack file',
    );
    expect(await reasonOf(decide(handle, { identity: ana, shown, ...yes }))).toContain(
      'ana does not have the role owner',
    );
    expect(await reasonOf(decide(handle, { identity: dora, shown, ...yes }))).toContain(
      'the signature is not of ben',
    );
    // Nothing of all this is in the history: a flood of bad answers costs nothing.
    const { events } = await handle.fetchHistory();
    expect(events?.some((one) => one.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
    await handle.cancel();
  });

  it('counts once when it is clicked twice', async () => {
    const world = await guarded({ from: 'owner', count: 2 });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    const answers = await Promise.all(
      [1, 2].map(() => reasonOf(decide(handle, { identity: ben, shown, ...yes }))),
    );
    expect(answers.sort()).toEqual(['accepted', expect.stringContaining('ben has already answered')]);
    expect((await question(handle)).status).toBe('waiting');
    // Two of them: the second person lets it go on, a third click is told that it is over.
    expect((await decide(handle, { identity: cleo, shown, ...yes })).status).toBe('approved');
    await resultOf(handle);
    expect(await reasonOf(decide(handle, { identity: cleo, shown, ...yes }))).toContain('the run has ended');
    expect(((await world.record(handle)).approvals[0] as ApprovalState).decisions).toHaveLength(2);
  });

  it('denied by one of them ends the run as denied, and nothing was changed', async () => {
    const world = await guarded({ from: 'owner', count: 2 });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    await decide(handle, { identity: ben, shown, ...yes });
    await decide(handle, { identity: cleo, shown, decision: 'deny', reason: 'not on a friday' });
    const failure = await failureOfRun(handle);
    expect(failure.code).toBe('approval.denied');
    expect(failure.message).toContain('not on a friday');
    expect(world.data('db').live).toBe('bad');
    expect(world.script.journal).not.toContain('load db');
    expect(await world.record(handle)).toMatchObject({
      outcome: 'denied',
      failure: { code: 'approval.denied' },
    });
    await world.expectAllLetGo();
  });

  it('that nobody gives in time means no', async () => {
    const world = await guarded({ from: 'owner', expires: '2s' });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    expect((await failureOfRun(handle)).code).toBe('approval.expired');
    expect(await reasonOf(decide(handle, { identity: ben, shown, ...yes }))).toMatch(
      /it expired at \S+, and the run has ended/,
    );
    expect(world.data('db').live).toBe('bad');
    const record = await world.record(handle);
    expect(record.outcome).toBe('expired');
    expect((record.approvals[0] as ApprovalState).status).toBe('expired');
    await world.expectAllLetGo();
  });

  it('is refused after the run was cancelled', async () => {
    const world = await guarded({ from: 'owner' });
    const handle = await world.restore({ asked: ana });
    const shown = await question(handle);
    await handle.cancel();
    expect((await failureOfRun(handle)).code).toBe('cancelled');
    expect(await reasonOf(decide(handle, { identity: ben, shown, ...yes }))).toContain('the run has ended');
  });

  it('is not asked where too few people could give it', async () => {
    const world = await guarded({ from: 'owner', count: 3 });
    const failure = await failureOfRun(await world.restore({ asked: ana }));
    expect(failure.code).toBe('approval.nobody');
    expect(failure.message).toContain('wanted=3 able=2');
  });
});

describe.concurrent('a request', () => {
  const input = {
    selection: { text: 'latest', stores: ['db'], unverified: false },
    mode: 'beside',
    dryRun: false,
    consumersFirst: false,
    token: 'k7q2m9xd',
  } as const;
  const request = restoreRequest(input);

  it('has to be signed where nobody may approve what they asked for', async () => {
    const world = await guarded({ from: 'owner' });
    const failure = await failureOfRun(await world.restore());
    expect(failure.code).toBe('identity.missing');
    expect(failure.message).toContain('the request is not signed');
    expect(world.script.journal).not.toContain('preview db');
  });

  it.each([
    [
      'under the name of somebody else',
      { ...signedRequester(ben, request), name: 'ana' },
      'not a person of the stack file with this key',
    ],
    [
      'for something else',
      signedRequester(ana, restoreRequest({ ...input, mode: 'in-place' })),
      'the signature of the request is not valid',
    ],
    [
      'for another run',
      signedRequester(ana, restoreRequest({ ...input, token: 'another0' })),
      'the signature of the request is not valid',
    ],
    [
      'long ago',
      signedRequester(ana, request, { now: new Date(Date.now() - 3_600_000) }),
      'not for this run',
    ],
    [
      'by a stranger',
      signedRequester(person('mallory'), request),
      'not a person of the stack file with this key',
    ],
  ])('is refused when it was signed %s', async (_how, by, words) => {
    const world = await guarded({ from: 'owner' });
    const failure = await failureOfRun(await world.start('restore', input, { by }));
    expect(failure.code).toBe('identity.missing');
    expect(failure.message).toContain(words);
  });

  it('does not go by the name of a person without a signature, even where it need not be signed', async () => {
    const world = await guarded({ from: 'owner', self: true });
    const failure = await failureOfRun(await world.start('restore', input, { by: { name: 'ben' } }));
    expect(failure.message).toContain('this name has to sign its requests');
  });
});
