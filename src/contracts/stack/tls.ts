import { z } from 'zod';

const pem = z.string().min(1).optional();

/** How a connection to a store is encrypted and whom it is sure to talk to: the same block for every kind of store. */
export const tlsSchema = z.strictObject({
  ca: pem.describe(
    'file (PEM) with the authorities whose certificates are taken; left out: those the machine knows',
  ),
  cert: pem.describe('file (PEM) with the client certificate, where the store wants one'),
  key: pem.describe('file (PEM) with its private key, mode 0600; belongs to cert'),
  serverName: z
    .string()
    .min(1)
    .optional()
    .describe('name that the certificate of the store must have; left out: host'),
  verify: z
    .enum(['full', 'ca'])
    .default('full')
    .describe('full: its certificate must be of a known authority and have that name; ca: any name'),
});
export type TlsConfig = z.infer<typeof tlsSchema>;
