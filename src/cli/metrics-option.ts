import { Option } from 'commander';
import { SteadyError } from '../contracts/failures.js';

export const metricsOption = (): Option =>
  new Option('--metrics <host:port|off>', "where the worker's metrics are, for Prometheus")
    .env('STEADY_METRICS')
    .default('127.0.0.1:9464');

/** Where metrics are to be served; undefined for `off`. Throws `usage.invalid`. */
export function metricsAt(text: string): { readonly host: string; readonly port: number } | undefined {
  if (text === 'off') return undefined;
  const [, host = '', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port < 1 || port > 65_535)
    throw new SteadyError('usage.invalid', { metrics: text, allowed: 'off, a port, or host:port' });
  return { host: host === '' ? '127.0.0.1' : host.replaceAll(/[[\]]/g, ''), port };
}
