import { kind, type FailureKind } from './failure-kind.js';

/** Failures of services, their deploys and their checks. */
export const DEPLOY_FAILURES = {
  'service.failed': kind(
    'a service did not start, stop or become healthy',
    true,
    'Look at the log of that service; `steady check` may say more.',
  ),
  'image.missing': kind(
    'an image cannot be had',
    false,
    'Nothing that runs was touched. Look at its name and tag, and whether the worker’s machine may pull from that registry (`docker login`).',
  ),
  'deploy.unable': kind(
    'this cannot be deployed so',
    false,
    'Nothing was touched. `steady check` tells what stands in the way and what is done instead.',
  ),
  'deploy.rolled-back': kind(
    'a deploy failed, and what ran before runs again',
    false,
    'Look at the steps with `steady show RUN`: the one that failed says why, with the end of the log.',
  ),
  'deploy.held': kind(
    'a deploy failed after a migration that cannot be undone, and was left as it was',
    false,
    'Look which versions serve with `steady health`; then `steady thaw` the service, and deploy or roll back yourself.',
  ),
  'deploy.closed': kind(
    'no deploys at this time',
    false,
    'Wait, or ask for an exception with --outside-hours and a reason: it needs an approval.',
  ),
  'calendar.unreadable': kind(
    'a calendar of times without deploys cannot be read',
    true,
    'Put its file or address right: until it can be read, nobody knows that now is no such time.',
  ),
  'job.failed': kind(
    'a job did not end well',
    false,
    'Its last lines are in the message, and in `steady show RUN`.',
  ),
  'router.failed': kind(
    'a router did not do as it was told',
    true,
    'Its configuration is as it was before. Look at what it says, and at `nginx -t` where it runs.',
  ),
  'revision.unknown': kind('no such revision', false, '`steady history SERVICE` lists those that there are.'),
  'check.failed': kind(
    'a check did not pass',
    false,
    'The message holds the answer: mend that service, or the check in the file.',
  ),
} as const satisfies Record<string, FailureKind>;
