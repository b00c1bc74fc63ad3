import type { Document, YAMLError } from 'yaml';
import { pathAt } from './locate.js';
import { fieldText, type FieldPath, type Problem } from './problems.js';
import { schemasAt } from './schema-look.js';

/** What YAML itself has against a text, without quoting from it: a misplaced secret must not come out in an error. */
export function yamlProblem(error: YAMLError, document: Document): Pick<Problem, 'field' | 'message'> {
  return { field: fieldText(knownPart(pathAt(document, error.pos[0]))), message: words(error) };
}

/** A path as far as it is one of ours: in broken YAML anything can look like the name of a field. */
function knownPart(path: FieldPath): FieldPath {
  const end = path.findIndex((_, index) => index > 0 && schemasAt(path.slice(0, index + 1)).length === 0);
  return end === -1 ? path : path.slice(0, end);
}

function words(error: YAMLError): string {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return 'named twice; every field once';
    case 'TAB_AS_INDENT':
      return 'a tab as indentation; YAML takes spaces';
    case 'MULTIPLE_DOCS':
      return 'a second document (---); the file holds one';
    case 'BAD_ALIAS':
      return 'a value that begins with * must be quoted: in YAML it is an alias';
    case 'TAG_RESOLVE_FAILED':
      return 'an unknown tag (!); a value that begins with ! must be quoted';
    case 'NON_STRING_KEY':
      return 'a field name must be text';
    case 'MISSING_CHAR':
    case 'BAD_INDENT':
    case 'BAD_DIRECTIVE':
    case 'BLOCK_IN_FLOW':
      return `not valid YAML: ${lowerFirst(error.message)}`;
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'not valid YAML: a nested mapping must begin on a line of its own; quote text with ": " in it';
    case 'BAD_SCALAR_START':
      return 'not valid YAML: text that begins with this character must be quoted';
    case 'BAD_DQ_ESCAPE':
      return 'not valid YAML: an unknown escape in double quotes; single quotes take \\ as it is';
    case 'UNEXPECTED_TOKEN':
      return 'not valid YAML: unexpected here; is a quote or a colon missing?';
    default:
      return `not valid YAML: ${error.code.toLowerCase().replaceAll('_', ' ')}`;
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
