import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { SteadyError } from '../contracts/failures.js';
import { readUpNote } from './up-note.js';

export const DEFAULT_ADDRESS = '127.0.0.1:7233';

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
  return readUpNote(options.config)?.address ?? configured ?? DEFAULT_ADDRESS;
}

/** How Temporal is reached there: with TLS, client certificate and API key of its standard environment or profile. */
export function connectionTo(options: {
  address?: string | undefined;
  profile?: string | undefined;
  config: string;
}): ClientConnectConfig['connectionOptions'] & { readonly address: string } {
  const address = addressInUse(options);
  // A `steady up` of this machine takes neither, whatever is set for another Temporal.
  if (address === readUpNote(options.config)?.address) return { address };
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

/** Temporal's TLS: named as such, or the usual of an API key. */
export const isTls = ({ tls, apiKey }: ClientConnectConfig['connectionOptions']): boolean =>
  tls === undefined || tls === null ? apiKey !== undefined : tls !== false;
