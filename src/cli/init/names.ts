/** A name as steady.yaml takes it: 1 to 40 of a-z, 0-9 and -. */
export function slug(text: string, otherwise: string): string {
  const clean = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replaceAll(/-+$/g, '');
  return clean === '' ? otherwise : clean;
}

/** Gives out each name once; a second one gets a number. */
export function createNames(): (wanted: string, otherwise: string) => string {
  const taken = new Set<string>();
  return (wanted, otherwise) => {
    const first = slug(wanted, otherwise);
    let name = first;
    for (let n = 2; taken.has(name); n++) name = `${first.slice(0, 36)}-${n}`;
    taken.add(name);
    return name;
  };
}

/** Project name as Compose makes it from a folder's name: lower case, only a-z, 0-9, - and _. */
export function projectName(folder: string): string {
  const last =
    folder
      .replaceAll('\\', '/')
      .split('/')
      .findLast((part) => part !== '') ?? '';
  return last
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replaceAll(/^[_-]+/g, '');
}
