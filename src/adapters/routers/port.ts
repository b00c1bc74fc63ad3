/** One instance as a router reaches it. */
export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/** Where requests for a service go. */
export interface Route {
  /** Name of the upstream in the router's configuration. */
  readonly upstream: string;
  /** By name: as many as the name resolves to when the router reads it, and again when it starts. */
  readonly to: readonly Upstream[];
  readonly keepalive?: number | undefined;
}

export interface RouterCall {
  readonly signal: AbortSignal;
  /** Found again by it, and ended, when this attempt is given up. */
  readonly marker: string;
}

/** What hands requests to the instances of services. Errors are SteadyError of `router.failed`. */
export interface RouterPort {
  readonly kind: 'nginx';
  /** For people, such as `nginx in edge`. */
  readonly label: string;
  /**
   * Sends requests there from now on, and nowhere else: when this resolves no new request goes to what was left out.
   * Those that are under way are answered. What does not stand the router's own test is put back as it was. Safe to
   * repeat; nothing is done when it is so already.
   */
  set(route: Route, call: RouterCall): Promise<'changed' | 'same'>;
  /** Where its configuration sends requests now; undefined where it was never set. */
  current(upstream: string, call: RouterCall): Promise<readonly Upstream[] | undefined>;
  /** Connections that the router has open to an instance. */
  connections(to: Upstream, call: RouterCall): Promise<number>;
  /** Whether the router would use what is set: throws `router.failed` with what is wrong. Changes nothing. */
  check(upstream: string, call: RouterCall): Promise<void>;
}
