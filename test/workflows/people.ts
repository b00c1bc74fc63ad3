import { createHash } from 'node:crypto';
import type { Identity } from '../../src/client/approvals.js';
import { publicKeyOf } from '../../src/contracts/signing.js';

/** A person with a key of their own, the same in every run. */
export function person(name: string): Identity {
  return { name, secretKey: createHash('sha256').update(`key of ${name}`).digest() };
}

/** As the stack file names them. */
export function approver(name: string, ...roles: string[]): { name: string; key: string; roles: string[] } {
  return { name, key: publicKeyOf(person(name).secretKey), roles };
}
