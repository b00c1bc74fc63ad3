import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

// Failing activities are what these tests are about: their stack traces are no news.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
});
