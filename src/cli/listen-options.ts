import { Option } from 'commander';
import { SteadyError } from '../contracts/failures.js';

/** An address to listen at. */
export interface At {
  readonly host: string;
  readonly port: number;
}

export const metricsOption = (): Option =>
  new Option('--metrics <host:port|off>', "where the worker's metrics are, for Prometheus")
    .env('STEADY_METRICS')
    .default('127.0.0.1:9464');

/** Where metrics are to be served; undefined for `off`. Throws `usage.invalid`. */
export const metricsAt = (text: string): At | undefined => listenAt('metrics', text);

/** Where something is to listen, by its option; undefined for `off`. Throws `usage.invalid`. */
export function listenAt(option: string, text: string): At | undefined {
  if (text === 'off') return undefined;
  const [, host = '', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port < 1 || port > 65_535)
    throw new SteadyError('usage.invalid', { [option]: text, allowed: 'off, a port, or host:port' });
  return { host: host === '' ? '127.0.0.1' : host.replaceAll(/[[\]]/g, ''), port };
}

export const apiOption = (): Option =>
  new Option('--api <host:port|off>', 'where the HTTP API is').env('STEADY_API').default('127.0.0.1:8790');

/** Whether only this machine reaches it. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
