import { formatProblem, inOrder, type Problem } from '../config/problems.js';

/** Warnings about a stack file that is valid, a line each. */
export function warningLines(warnings: readonly Problem[]): string[] {
  return inOrder(warnings).map((one) => `warning: ${formatProblem(one)}`);
}
