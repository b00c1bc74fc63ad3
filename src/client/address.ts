import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { SteadyError } from '../contracts/failures.js';

export const DEFAULT_ADDRESS = '127.0.0.1:7233';
/** Written by `steady up` into its state folder, so that commands beside it find it on whatever port. */
export const UP_FILE = join('.steady', 'up.json');

/** Temporal's address: given, from the standard environment or profile, as `steady up` here noted it, the default. */
export function addressInUse(options: {
  address?: string | undefined;
  profile?: string | undefined;
  config: string;
}): string {
  if (options.address !== undefined) return options.address;
  const configured = connectConfig(options.profile).connectionOptions.address;
  if (configured !== undefined && configured !== '' && process.env['TEMPORAL_ADDRESS'] !== undefined)
    return configured;
  return noted(options.config) ?? configured ?? DEFAULT_ADDRESS;
}

/** How Temporal is reached there: with TLS, client certificate and API key of its standard environment or profile. */
export function connectionTo(options: {
  address?: string | undefined;
  profile?: string | undefined;
  config: string;
}): ClientConnectConfig['connectionOptions'] & { readonly address: string } {
  const address = addressInUse(options);
  // A `steady up` of this machine takes neither, whatever is set for another Temporal.
  if (address === noted(options.config)) return { address };
  return { ...connectConfig(options.profile).connectionOptions, address };
}

/** Temporal's standard environment and profile settings. Throws `usage.invalid` for a profile that is not there. */
export function connectConfig(profile: string | undefined): ClientConnectConfig {
  try {
    return loadClientConnectConfig(profile === undefined ? {} : { profile });
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    throw new SteadyError('usage.invalid', { profile: profile ?? 'default', error: says }, { cause: error });
  }
}

function noted(config: string): string | undefined {
  for (const path of [join(dirname(config), UP_FILE), join(config, UP_FILE)]) {
    if (!existsSync(path)) continue;
    try {
      const { address } = JSON.parse(readFileSync(path, 'utf8')) as { address?: unknown };
      if (typeof address === 'string') return address;
    } catch {
      // A file half-written by a killed `up` is no address.
    }
  }
  return undefined;
}

/** Temporal's TLS: named as such, or the usual of an API key. */
export const isTls = ({ tls, apiKey }: ClientConnectConfig['connectionOptions']): boolean =>
  tls === undefined || tls === null ? apiKey !== undefined : tls !== false;
