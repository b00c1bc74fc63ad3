import { upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SearchAttributeName } from '../../contracts/names.js';

/** Says of this run what lists find it by. */
export function mark(name: SearchAttributeName, value: string | null): void {
  upsertSearchAttributes([{ key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD), value }]);
}
