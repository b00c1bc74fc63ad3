import { format, resolveConfig } from 'prettier';
import { stackJsonSchema } from '../../src/config/schema-look.js';
import { errorsPage } from './errors-page.js';
import { faultsPage } from './faults-page.js';
import { steadyYamlPage } from './steady-yaml-page.js';

/** Every generated file of docs/, by path from the top of the repository. */
export async function generatedFiles(root: string): Promise<Record<string, string>> {
  const style = (await resolveConfig(`${root}/docs/steady.schema.json`)) ?? {};
  const schema = { title: 'steady.yaml', ...stackJsonSchema() };
  return {
    'docs/steady.schema.json': await format(JSON.stringify(schema), { ...style, parser: 'json' }),
    'docs/errors.md': errorsPage(),
    'docs/faults.md': await format(faultsPage(), { ...style, parser: 'markdown' }),
    'docs/steady-yaml.md': steadyYamlPage(stackJsonSchema()),
  };
}
