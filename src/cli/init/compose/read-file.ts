import { dirname } from 'node:path';
import { isNode } from 'yaml';
import type { Document } from 'yaml';
import { inOrder, StackFileError } from '../../../config/problems.js';
import { readYaml } from '../../../config/read-yaml.js';
import { SteadyError } from '../../../contracts/failures.js';
import { COMPOSE_SERVICE_PATTERN } from '../../../contracts/stack/units.js';
import type { Variables } from './interpolate.js';
import { readService, type ServicePart } from './read-service.js';
import { byName, isMapping, mappingOf, type Mapping } from './values.js';

/** Text of a file; undefined when there is none. */
export type ReadText = (path: string) => string | undefined;

/** One file of a project, its services in one form each. */
export interface ComposeFile {
  readonly content: Mapping;
  readonly services: Readonly<Record<string, ServicePart>>;
}

/** Three of each of a hundred services: anchors are what large files are made of. */
const MAX_ALIASES = 2000;

/**
 * Reads one compose file. Throws `usage.invalid` when there is none, `config.invalid` with places when it is no YAML; names
 * that Compose refuses are passed over.
 *
 * @param folder where relative paths begin, when not in the folder of the file
 */
export function readComposeFile(
  path: string,
  around: {
    read: ReadText;
    variables: Variables;
    folder?: string | undefined;
    shown: (path: string) => string;
  },
): ComposeFile {
  const file = around.shown(path);
  const text = around.read(path);
  if (text === undefined) throw new SteadyError('usage.invalid', { file, error: 'no such compose file' });
  const { document, value, problems, usable } = readYaml(text, file, {
    tags: 'ignored',
    maxAliases: MAX_ALIASES,
  });
  if (!usable) throw new StackFileError(file, inOrder(problems), READ_BY_COMPOSE);
  if (!isMapping(value) || !(isMapping(value['services']) || 'include' in value)) {
    const message = 'no services: not a compose file';
    const problem = { file, line: 1, column: 1, field: 'services', message };
    throw new StackFileError(file, [problem], READ_BY_COMPOSE);
  }
  const services = Object.entries(mappingOf(value['services'])).filter(
    ([name, service]) => isMapping(service) && COMPOSE_SERVICE_PATTERN.test(name),
  );
  return {
    content: value,
    services: byName(
      services.map(([name, service]) => [
        name,
        readService(mappingOf(service), {
          folder: around.folder ?? dirname(path),
          variables: around.variables,
          replaced: replacedFields(document, name, mappingOf(service)),
        }),
      ]),
    ),
  };
}

const READ_BY_COMPOSE =
  'Correct the compose file where it is named; `docker compose config` reads it too. Or name another one.';

/** Fields with Compose's own tags `!reset` and `!override`. */
function replacedFields(document: Document, name: string, service: Mapping): Set<string> {
  const fields = Object.keys(service).filter((field) => {
    const node = document.getIn(['services', name, field], true);
    return isNode(node) && (node.tag === '!reset' || node.tag === '!override');
  });
  return new Set(fields);
}
