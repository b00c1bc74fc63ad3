import type { CheckLine } from '../../contracts/runs/check-line.js';
import type { ContentFacts, Manifest } from '../../contracts/stored/manifest.js';
import type { StoredStream } from '../../contracts/stored/document.js';
import type { StoreKind } from '../../contracts/stack/stores.js';
import type { PlacedTool } from '../../pipelines/tool.js';

/** Takes streams of a backup: each is compressed, encrypted, cut in pieces, uploaded and confirmed. */
export interface BackupWriter {
  readonly backupId: string;
  /**
   * Runs the producer and stores what it writes. Resolves only when every process of the pipeline ended with 0 and
   * storage confirmed each piece.
   */
  stream(name: string, producer: PlacedTool): Promise<StoredStream>;
  /**
   * The same for a source that is no tool (a small generated document, a replication stream). A chunk may be overwritten
   * once the next is asked for.
   */
  content(name: string, body: AsyncIterable<Buffer>): Promise<StoredStream>;
}

/** Gives streams of a backup back: fetched, checked against the manifest's checksums, decrypted, decompressed. */
export interface BackupReader {
  readonly manifest: Manifest;
  /**
   * Feeds a stream to a tool's stdin, or reads it to its end when there is no consumer. Rejects with `stream.corrupt`
   * when a piece differs from its checksum, with `key.wrong` when the identity does not open it.
   */
  stream(
    name: string,
    consumer?: PlacedTool,
  ): Promise<{ readonly rawBytes: number; readonly stdout: string }>;
  /** The raw bytes, for consumers in this process. Read to the end, or abort. */
  open(name: string): AsyncIterable<Buffer>;
}

/** One call of an adapter: what to stop at, and where to tell. */
export interface StoreCall {
  readonly signal: AbortSignal;
  /** Marks processes and database backends of this attempt; unique per attempt. */
  readonly marker: string;
  /** The beginning all markers of this run and activity share: what earlier attempts left is found by it. */
  readonly markerPrefix: string;
  /** A line for people, shown in progress. */
  readonly say: (line: string) => void;
  /** Now by a clock that is the same for all workers; left out: this machine's. */
  readonly now?: () => Date;
}

/** What the live store is now. */
export interface LiveFacts {
  readonly product: string;
  readonly version: string;
  readonly major: number;
  /** Size of the live data in bytes, for progress and room; undefined when it cannot be told. */
  readonly bytes?: number | undefined;
  readonly facts: ContentFacts;
  /** Nothing was counted, since that would take too long: `facts` say nothing about amounts. */
  readonly uncounted?: boolean | undefined;
}

export type { CheckLine };

export interface DumpResult {
  readonly method: string;
  /** The data's own moment by the store's clock, RFC 3339. */
  readonly takenAt: string;
  readonly server: { readonly product: string; readonly version: string; readonly major: number };
  readonly tools: Record<string, string>;
  readonly streams: StoredStream[];
  readonly facts: ContentFacts;
  readonly detail: Record<string, unknown>;
  readonly notes: string[];
}

/** A dump that another program made, as far as it takes to know what it is. */
export interface DumpLook {
  /** Where it lies on the worker. */
  readonly file: string;
  /** Its first bytes, unpacked: 64 KiB, or all of them. */
  readonly head: Buffer;
  /** Its last ones: 4 KiB, or all. */
  readonly tail: Buffer;
  /** All of them. */
  readonly rawBytes: number;
}

/** One that was looked at and is being taken in. */
export interface DumpFile extends Omit<DumpLook, 'tail'> {
  /** Its content, unpacked, each time from its beginning; at its end it fails when it is not what was looked at. */
  open(): AsyncIterable<Buffer>;
  /** A folder of this import on the worker; what is made in it goes when it ends. */
  readonly folder: string;
  /** Of an archive: the folder in it that is the store's, where somebody said so. */
  readonly inside?: string | undefined;
}

export interface KnownDump {
  /** In words, such as `pg_dump -Fc`. */
  readonly format: string;
  /** The data's own moment where the dump itself tells it, RFC 3339. */
  readonly takenAt?: string | undefined;
}

/**
 * Where a restore goes. `beside` loads next to the live data and cuts over; `into` makes a named new place and never
 * touches the live one; `in-place` replaces live data where there is no room.
 */
export interface RestorePlace {
  readonly mode: 'beside' | 'into' | 'in-place';
  /** 8 characters of the request: names what this run makes, so that a second attempt finds it. */
  readonly token: string;
  /** RFC 3339, the run's start: names what is kept. */
  readonly at: string;
  /** The destination for `into`. */
  readonly into?: string | undefined;
  /** In place: nothing was there to be replaced, so no copy was taken. What is there by then is not ours to replace. */
  readonly absent?: boolean | undefined;
  /** Somebody wants a backup of a newer server tried on this one, where that can harm nothing that is live. */
  readonly force?: boolean | undefined;
}

/** What a restore of this store will do, found out before anything is touched. */
export interface RestorePreview {
  /** Words of each step, for the timeline; a phase that does not apply says `nothing to do: why`. */
  readonly words: {
    readonly load: string;
    readonly compare: string;
    readonly cutover: string;
    readonly undo: string;
  };
  /** There is nothing that a restore could replace. */
  readonly absent?: boolean | undefined;
  /** What a person should know now and what changes by itself: shown, and no part of what is approved. */
  readonly asides?: readonly string[] | undefined;
  /** Live data as far as they can be read; undefined with a note when they cannot. */
  readonly live?: LiveFacts | undefined;
  readonly notes: string[];
  /** Under what name the replaced data are kept. */
  readonly keptAs?: string | undefined;
  /** Whether the cut-over stops and starts the store's own service. */
  readonly stopsStore: boolean;
}

export interface UndoOptions {
  /** The restore had ended well, so there must be something to go back to: with nothing kept it is `store.gone`. */
  readonly finished?: boolean | undefined;
  /** Whether replacing the live data was begun, by any worker; left out when nobody knows. */
  readonly begun?: boolean | undefined;
}

/** A throwaway server of the same kind, empty, on this machine; ended by `close` and by the death of the worker. */
export interface Scratch {
  readonly store: StorePort;
  close(): Promise<void>;
}

/**
 * A store of one vendor. Phases are idempotent and safe to repeat: a new attempt first ends what the last one left.
 * Vendors pass the shared suite in `test/adapters/stores/suite.ts` against the real server.
 */
export interface StorePort {
  readonly kind: StoreKind;
  /**
   * What runs there now; fails when the store cannot be reached or is of an unsupported version. `uncounted`: nothing is
   * counted where that reads all of the data.
   */
  facts(call: StoreCall, options?: { readonly uncounted?: boolean }): Promise<LiveFacts>;
  /** Reach, privileges, tools: a line each, errors included; never throws for what a user can mend. */
  check(call: StoreCall): Promise<CheckLine[]>;
  /** Asks the live store a question of the user's (an SQL query, a Redis command) and gives its one value as text. */
  ask?(call: StoreCall, question: readonly string[]): Promise<string>;
  /** All streams of one backup in one attempt. Changes nothing in the store. */
  dump(call: StoreCall, writer: BackupWriter): Promise<DumpResult>;
  /**
   * What a dump is, by its content. Fails with `import.refused` when it is none that this store takes, `import.damaged`
   * when it is empty or cut off.
   */
  recognise(dump: DumpLook): KnownDump;
  /**
   * Makes a backup of a dump: it is loaded where it can do no harm, and backed up from there, so that what is stored is a
   * backup like any other, with the facts of what was loaded. Neither needs the live store nor touches it. `takenAt` of
   * the result is when it was loaded. Fails with `import.refused` when it does not load.
   */
  importDump(call: StoreCall, writer: BackupWriter, dump: DumpFile): Promise<DumpResult>;
  /** Shell commands that restore this backup with stock tools; `cat` gives the fragment that prints a raw stream. */
  escape(manifest: Omit<Manifest, 'restore'>, cat: (stream: string) => string): string[];
  /** Walks every stream to its end and looks into it as far as goes without a server. Findings for the proof. */
  readable(call: StoreCall, reader: BackupReader): Promise<string[]>;
  /** Looks before anything is touched: versions, room, what blocks the cut-over. Throws what forbids the restore. */
  preview(call: StoreCall, manifest: Manifest, place: RestorePlace): Promise<RestorePreview>;
  /** Makes the place fresh and loads into it; begins by removing what an earlier attempt of the same place made. */
  load(call: StoreCall, reader: BackupReader, place: RestorePlace): Promise<void>;
  /** Compares the loaded data with the manifest: `store.mismatch` names the differences. Findings for the record. */
  compare(call: StoreCall, manifest: Manifest, place: RestorePlace): Promise<string[]>;
  /** Switches to the loaded data and keeps the replaced ones. Looks first: done already is done. */
  cutover(
    call: StoreCall,
    place: RestorePlace,
  ): Promise<{ readonly gapSeconds: number; readonly notes: string[] }>;
  /**
   * Before the cut-over: removes what `load` made and lifts what `cutover` began. After it: switches back. Fails with
   * `store.gone` when live data were replaced and nothing of them is kept.
   */
  undo(call: StoreCall, place: RestorePlace, options?: UndoOptions): Promise<string[]>;
  /**
   * Under what name data are kept: those a cut-over replaced, or those an undo set aside. Undefined where none are; fails
   * where that cannot be told from here.
   */
  kept(call: StoreCall, place: RestorePlace): Promise<string | undefined>;
  /** Drops the replaced data when their hold has ended. */
  release(call: StoreCall, place: RestorePlace): Promise<string[]>;
  /** An empty throwaway server that can take this backup, for the proof `restored`. */
  scratch(call: StoreCall, manifest: Manifest, folder: string): Promise<Scratch>;
}
