/** For `vi.waitFor`: the machine may be busy, and asking is work for it too. */
export const PATIENTLY = { timeout: 30_000, interval: 150 };
