import { identityToRecipient } from 'age-encryption';
import type { CheckLine } from '../contracts/runs/check-line.js';
import type { Secret } from '../contracts/secret.js';

/** What the identity on this worker means for the backups: whether it opens them, and whether another one does too. */
export async function checkIdentity(recipients: readonly string[], identity: Secret): Promise<CheckLine[]> {
  const own = await recipientsOf(identity);
  if (own === undefined)
    return [{ what: 'encryption', status: 'ok', message: 'the identity is a plugin’s: not looked into' }];
  const elsewhere = recipients.filter((one) => !own.includes(one));
  if (elsewhere.length === recipients.length) {
    return [
      {
        what: 'encryption',
        status: 'error',
        message: 'the identity here is of none of the recipients: it opens no backup made from now on',
        hint: 'Set storage.encryption.age.identity to one whose recipient is named, or name its recipient.',
      },
    ];
  }
  if (elsewhere.length === 0) {
    return [
      {
        what: 'encryption',
        status: 'warning',
        message: 'every identity that opens the backups lies on this host, and is lost with it',
        hint: 'Make one elsewhere with `steady key create`, add its recipient, and keep its file off this host.',
      },
    ];
  }
  return [
    {
      what: 'encryption',
      status: 'ok',
      message: `the identity here opens new backups; ${elsewhere.length === 1 ? 'one more recipient is named, whose identity belongs' : `${elsewhere.length} more recipients are named, whose identities belong`} on another machine (prove it there with \`steady key test\`)`,
    },
  ];
}

/** Recipients of the identities in a file; undefined when one is of a plugin, which only age itself knows. */
async function recipientsOf(identity: Secret): Promise<string[] | undefined> {
  const lines = identity
    .reveal()
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.some((line) => line.startsWith('AGE-PLUGIN-'))) return undefined;
  const recipients = lines.map((line) => identityToRecipient(line).catch(() => ''));
  return (await Promise.all(recipients)).filter((one) => one !== '');
}
