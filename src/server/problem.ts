import { STATUS_CODES } from 'node:http';
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exitCodeOf } from '../contracts/exit-code.js';
import { StackFileError } from '../config/problems.js';
import { FAILURES, SteadyError, type FailureCode } from '../contracts/failures.js';

/** Problem details (RFC 9457), with the code and the hint of the failure registry. */
export const problemSchema = z.object({
  type: z.string().describe('`urn:steadyhand:` and the code'),
  title: z.string().describe('what failed, in general'),
  status: z.int(),
  detail: z.string().describe('what failed, with the facts'),
  code: z.string().describe('of docs/errors.md'),
  hint: z.string().describe('what to do next'),
  run: z.string().optional().describe('the run it is about'),
  problems: z
    .array(z.object({ field: z.string(), message: z.string() }))
    .optional()
    .describe('what is wrong with the request, by field'),
});
export type Problem = z.infer<typeof problemSchema>;

const STATUS: Partial<Record<FailureCode, number>> = {
  'token.invalid': 401,
  'webhook.invalid': 401,
  'token.forbidden': 403,
  'identity.missing': 403,
  'route.unknown': 404,
  'stack.unknown': 404,
  'run.unknown': 404,
  'revision.unknown': 404,
  'request.reused': 422,
  'webhook.replayed': 409,
  'config.not-applied': 409,
  'approval.invalid': 409,
  'deploy.unable': 409,
  internal: 500,
};

const HINT = 'Correct what is named; `/openapi.json` describes what each request may have.';

/** As the exit code of the command line has it, where nothing else is said. */
function statusOf(code: FailureCode): number {
  const exit = exitCodeOf(code);
  return STATUS[code] ?? (exit === 2 ? 400 : exit === 3 ? 409 : exit === 5 ? 503 : 500);
}

/** What a caller is told of an error. One that is none of the registry is a defect: what it says stays in the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof StackFileError) return problem('config.invalid', error);
  if (error instanceof SteadyError) return problem(error.code, error);
  const refused = error as Partial<FastifyError>;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(({ instancePath, message }) => ({
      field: instancePath.replace(/^\//, '').replaceAll('/', '.'),
      message: message ?? 'is not valid',
    }));
    const words = problems.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
    return {
      ...problem('usage.invalid', new SteadyError('usage.invalid', { error: words.join('; ') })),
      problems,
    };
  }
  // Of Fastify: no JSON, too long, another media type.
  if (refused.statusCode !== undefined && refused.statusCode < 500) {
    const told = new SteadyError('usage.invalid', {
      error: refused.message ?? STATUS_CODES[refused.statusCode],
    });
    return { ...problem('usage.invalid', told), status: refused.statusCode };
  }
  return problem('internal', new SteadyError('internal'));
}

function problem(
  code: FailureCode,
  { message, hint, facts }: Pick<SteadyError, 'message' | 'hint' | 'facts'>,
): Problem {
  return {
    type: `urn:steadyhand:${code}`,
    title: FAILURES[code].what,
    status: statusOf(code),
    detail: message,
    code,
    // What the command line is told to look at is not what whoever calls over HTTP has before them.
    hint: hint === FAILURES['usage.invalid'].hint ? HINT : hint,
    ...(typeof facts['run'] === 'string' && { run: facts['run'] }),
  };
}
