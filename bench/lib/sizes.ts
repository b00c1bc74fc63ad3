/** Bytes of a size such as 1.5GB or 300MB (decimal, as disks are sold). Throws for anything else. */
export function bytesOf(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(MB|GB)$/.exec(text);
  if (found === null) throw new RangeError(`${text}: a size such as 1.5GB or 300MB`);
  return Math.round(Number(found[1]) * (found[2] === 'GB' ? 1e9 : 1e6));
}

export const mb = (bytes: number): number => bytes / 1e6;
