import type { Image } from '../../contracts/stored/revision.js';
import type { CallOptions, ServiceHandle, Version } from './port.js';

/** What keeps the number of a workload's pods by itself. */
export interface Scaler {
  /** For people, such as hpa/api. */
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** It is held at one number, by us; `min` and `max` are those it goes back to. */
  readonly held: boolean;
}

/** A service as its platform has been told to run it. */
export interface Workload {
  /** For people, such as deployment/api. */
  readonly name: string;
  /** Instances it is to have. */
  readonly count: number;
  /** Of its container, as the object names it: that is its id here too. */
  readonly image: Image;
  /** The revision it was told to be; what others told: none. */
  readonly revision?: number | undefined;
  /** The platform ends the old instances before it starts new ones. */
  readonly recreates: boolean;
  /** Who else keeps the object as they want it, such as `Argo CD (application rag7)`: what is changed here may not last. */
  readonly managedBy?: string | undefined;
  readonly scaler?: Scaler | undefined;
  /** How far what it was told has come. */
  readonly rollout: {
    /** All its instances are of what it was told, ready, and no other is left. */
    readonly done: boolean;
    /** The platform has given up, or cannot go on as it is told. */
    readonly failed?: string | undefined;
    /** Such as `2 of 3 new ones ready, 1 old one left`. */
    readonly words: string;
  };
}

/**
 * Services that their platform rolls out itself (Kubernetes): it is told what is wanted, and watched. Each call looks
 * first: telling again what was told is nothing.
 */
export interface RolloutsPort {
  /** Fails with `service.failed` where there is no such workload. */
  workload(service: ServiceHandle, options?: CallOptions): Promise<Workload>;
  /**
   * Tells the platform to run a version: image, variables and limits, in one change, so that it is rolled out once. Where
   * the platform still has what it was told as that revision before, that very template comes back.
   *
   * @param options.cause stays at the object, for whoever looks at its history there
   * @param options.leaves number of the revision that it has been told until now, where others told it: for the way back
   */
  change(
    service: ServiceHandle,
    version: Version,
    options: CallOptions & { readonly cause: string; readonly leaves?: number | undefined },
  ): Promise<void>;
  /** Has every instance made anew, as it is; `at` (RFC 3339) names the restart, so that it is one. */
  renew(
    service: ServiceHandle,
    options: CallOptions & { readonly cause: string; readonly at: string },
  ): Promise<void>;
  /** So many instances; fails with `service.failed` where a scaler that is not held would undo it. */
  scale(service: ServiceHandle, count: number, options?: CallOptions): Promise<void>;
  /** Other bounds of its scaler. */
  setScaler(
    service: ServiceHandle,
    bounds: Pick<Scaler, 'min' | 'max'>,
    options?: CallOptions,
  ): Promise<void>;
  /** Its scaler leaves the number alone until it is released; what it goes back to stays written at it. Without one: nothing. */
  hold(service: ServiceHandle, options?: CallOptions): Promise<void>;
  release(service: ServiceHandle, options?: CallOptions): Promise<void>;
}
