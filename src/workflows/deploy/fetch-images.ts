import { sleep } from '@temporalio/workflow';
import type { DeployInput } from '../../contracts/runs/deploy.js';
import { formatDuration } from '../../contracts/stack/units.js';
import type { Image } from '../../contracts/stored/revision.js';
import { failureOf } from '../shared/failures.js';
import type { Run } from '../shared/run.js';

/** Before anything is locked or asked: a pull may take long, and what cannot be had is known at once. */
export async function fetchImages(run: Run, input: DeployInput): Promise<Record<string, Image>> {
  const { snapshot, wanted, waitForImage: seconds } = input;
  const fetched: Record<string, Image> = {};
  for (const one of wanted) {
    if (one.to !== 'version' || one.image === undefined) continue;
    const { service, image } = one;
    fetched[service] = await run.step(`Fetch ${image}`, async (note) => {
      const pulled = seconds !== undefined && { pulled: true };
      const { notes, ...found } = await untilThere(seconds ?? 0, note, () =>
        run.activities.change.fetchImage({ snapshot, service, image, ...pulled }),
      );
      note(found.digest ?? found.id);
      notes.forEach(note);
      return found;
    });
  }
  return fetched;
}

const IMAGE_EVERY_MS = 10_000;

/** Asks again while there is no such image: who builds it may not have pushed it yet. */
async function untilThere<T>(
  seconds: number,
  note: (line: string) => void,
  fetch: () => Promise<T>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (let waited = false; ; waited = true) {
    try {
      return await fetch();
    } catch (error) {
      if (failureOf(error).code !== 'image.missing' || Date.now() >= end) throw error;
      if (!waited) note(`not there yet, asked again for ${formatDuration(seconds)}`);
      await sleep(IMAGE_EVERY_MS);
    }
  }
}
