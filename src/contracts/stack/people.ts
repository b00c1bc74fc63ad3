import { z } from 'zod';
import { limitSchema } from './units.js';

const publicKeySchema = z
  .string()
  .regex(
    /^ed25519:[A-Za-z0-9+/_-]{43}=?$/,
    'must be ed25519: and the public key, as `steady identity create` prints it',
  );

export const approverSchema = z.strictObject({
  name: z.string().min(1).max(64).describe('as shown in records'),
  key: publicKeySchema.describe('public key, as `steady identity create` prints it'),
  roles: z.array(z.string().min(1)).min(1).describe('words of your own, such as operator'),
});
export type Approver = z.infer<typeof approverSchema>;

export const apiSignerSchema = z.strictObject({
  key: publicKeySchema.describe(
    'public key of the HTTP API, as `steady token create` and `steady server` print it',
  ),
  signsFor: z
    .array(z.string().min(1))
    .optional()
    .describe('roles whose holders may decide with an API token of theirs; left out: none'),
});
/** The HTTP API's own key: it signs what it asks for, and on behalf of people who hold a token of it. */
export type ApiSigner = z.infer<typeof apiSignerSchema>;

export const approvalPolicySchema = z.strictObject({
  from: z.string().min(1).describe('role whose holders may decide'),
  count: z.number().int().min(1).max(10).default(1).describe('how many of them must agree'),
  self: z.boolean().default(false).describe('whether who asked may approve'),
  expires: limitSchema.prefault('1h').describe('no answer within this time means no'),
});
export type ApprovalPolicy = z.infer<typeof approvalPolicySchema>;

export const approvalsSchema = z.strictObject({
  restore: approvalPolicySchema.optional().describe('asked before anything is changed by a restore'),
  services: approvalPolicySchema
    .optional()
    .describe('asked before services are restarted, stopped or started by hand'),
  deploy: approvalPolicySchema
    .optional()
    .describe('asked before another version of a service runs, or another number of it'),
  jobs: approvalPolicySchema.optional().describe('asked before a job is run by hand'),
  exceptions: approvalPolicySchema
    .optional()
    .describe(
      'asked before a deploy outside its hours; left out: as for deploy, and nobody may where that is left out too',
    ),
});
export type ApprovalsConfig = z.infer<typeof approvalsSchema>;
