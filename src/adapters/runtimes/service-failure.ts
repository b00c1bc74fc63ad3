import { SteadyError } from '../../contracts/failures.js';

/** A handler for `catch`: a tool's failure becomes `service.failed` that names the service; other errors stay. */
export function serviceFailure(
  service: string,
  action: 'start' | 'stop' | 'restart' | 'remove' | 'state' | 'logs',
): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof SteadyError) || !['tool.failed', 'stream.stalled'].includes(error.code))
      throw error;
    throw new SteadyError('service.failed', { service, action, ...error.facts }, { cause: error });
  };
}
