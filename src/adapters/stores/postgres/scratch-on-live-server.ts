import { createHash } from 'node:crypto';
import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace, Scratch, StoreCall, StorePort } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { suffixed } from './database-names.js';
import { readDetail, type Detail } from './detail.js';
import { refuseMissingExtensions } from './extensions.js';
import { freeBytes, SPARE } from './free-space.js';
import { superuserExtensions } from './lacks.js';
import { endLeftovers } from './leftovers.js';
import { dropOwn } from './make-fresh.js';
import { refusePooler, refuseWithoutOptions } from './pooler.js';
import { holdProof, sweepProofs } from './proof-databases.js';
import { findRights } from './rights.js';
import { mayGiveOwners } from './role-lacks.js';
import type { ScratchOptions } from './scratch.js';
import { withSession, type Session } from './session.js';
import { writtenBy } from './versions.js';

/** Longest time for the removal, which goes on when the proof was cancelled. */
const CLOSE_MS = 120_000;

/**
 * A database of its own beside the live one as the place of a proof: for servers whose programs are to be had neither
 * here nor as an image. It brings no roles and no settings, and nobody else may connect. Its name is the same for all
 * attempts of a run; what a killed run left is removed by the next proof of this store. Fails with `store.denied`,
 * `store.no-room`, `store.too-new`, `store.pooler`, `tool.missing`.
 */
export async function scratchOnLiveServer(
  options: StoreOptions,
  call: StoreCall,
  { manifest, create }: ScratchOptions,
): Promise<Scratch> {
  const { maintenanceDatabase, database: live } = options.config;
  const detail = readDetail(manifest);
  const access = await openAccess(options, call, maintenanceDatabase, writtenBy(manifest));
  if (manifest.server.major > access.server.major) {
    throw new SteadyError('store.too-new', {
      backup: manifest.server.version,
      server: access.server.version,
    });
  }
  await refusePooler(access, maintenanceDatabase);
  await refuseWithoutOptions(access, maintenanceDatabase);
  await endLeftovers(access, maintenanceDatabase);

  const token = proofToken(call);
  const name = suffixed(live, `_${token}`);
  const held = await access.session(maintenanceDatabase);
  try {
    await holdProof(held, name);
    const swept = await sweepProofs(held, live, token);
    if (swept.length > 0) call.say(`dropped ${swept.join(', ')}, left by earlier proofs`);
    await refuseUnfit(held, live, detail);
    const room = await roomWords(access, held, detail);
    const given = await mayGiveOwners(held, detail, access.server.major);
    const owners = given ? '' : '; owners and grants were left out, for roles this user does not have here';

    const own: StoreOptions = {
      ...options,
      name: `${options.name} (proof)`,
      proof: true,
      // The session that holds the proof carries the marker too.
      runtime: { ...options.runtime, endMarked: () => Promise.resolve() },
      tuning: { ...options.tuning, amcheck: true },
    };
    const where = `on the live server: PostgreSQL ${access.server.version}, database ${name}, dropped at the end${room}${owners}`;
    return {
      store: ownPlace(create(own), token, where),
      close: () => close(options, call, { held, name, token }),
    };
  } catch (error) {
    await held.end();
    throw error;
  }
}

/** By the beginning that the markers of all attempts of a run share. */
function proofToken({ markerPrefix }: StoreCall): string {
  return `proof_${createHash('sha256').update(markerPrefix).digest('hex').slice(0, 8)}`;
}

/** Whatever place is named, it is that database: the live one is out of reach. */
function ownPlace(store: StorePort, token: string, where: string): StorePort {
  const ours = ({ at }: RestorePlace): RestorePlace => ({ mode: 'into', token, at });
  return {
    ...store,
    preview: (call, manifest, place) => store.preview(call, manifest, ours(place)),
    load: (call, reader, place) => store.load(call, reader, ours(place)),
    compare: async (call, manifest, place) => [where, ...(await store.compare(call, manifest, ours(place)))],
    cutover: (call, place) => store.cutover(call, ours(place)),
    undo: (call, place, given) => store.undo(call, ours(place), given),
    release: (call, place) => store.release(call, ours(place)),
  };
}

async function refuseUnfit(session: Session, live: string, detail: Detail): Promise<void> {
  const { user, createDatabase, superuser } = await findRights(session, live);
  if (!createDatabase) throw new SteadyError('store.denied', { user, needs: 'CREATEDB, for a proof here' });
  await refuseMissingExtensions(session, detail, 'on the live server');
  if (superuser) return;
  const denied = [
    ...(await superuserExtensions(session, detail)).denied,
    ...(detail.roleUse?.superuserOnly ?? []).map((what) => `a superuser, for ${what}`),
  ];
  if (denied.length > 0) throw new SteadyError('store.denied', { user, needs: denied.join('; ') });
}

async function roomWords(access: Access, session: Session, detail: Detail): Promise<string> {
  const free = await freeBytes(access, session);
  if (free === undefined) return '; room on its disk could not be seen';
  const needed = Math.ceil(detail.database.bytes * SPARE);
  if (free < needed)
    throw new SteadyError('store.no-room', { for: 'a proof on the live server', free, needed });
  return '';
}

interface Held {
  readonly held: Session;
  readonly name: string;
  readonly token: string;
}

async function close(options: StoreOptions, call: StoreCall, { held, name, token }: Held): Promise<void> {
  const { maintenanceDatabase } = options.config;
  const last: StoreCall = { ...call, signal: AbortSignal.timeout(CLOSE_MS) };
  try {
    const access = await openAccess(options, last, maintenanceDatabase);
    await withSession(access.session(maintenanceDatabase), (session) => dropOwn(session, name, token));
  } finally {
    await held.end();
  }
}
