import { z } from 'zod';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import { readDetailOf } from '../read-detail.js';

/** `detail` of a manifest of this kind. Whatever it names besides would change what a restored folder is compared with. */
const detailSchema = z.strictObject({ exclude: z.array(z.string()).default([]) });
export type FilesDetail = z.infer<typeof detailSchema>;

/** Fails with `storage.damaged` when it is not the detail of a files backup, with `storage.future` for a newer one. */
export const detailOf = (manifest: Pick<Manifest, 'detail' | 'id' | 'kind'>): FilesDetail =>
  readDetailOf('files', detailSchema, manifest);
