import { describe, expect, it } from 'vitest';
import { createRuntime } from '../../../src/adapters/runtimes/index.js';
import { runtimeSchema } from '../../../src/contracts/stack/runtime.js';

describe('createRuntime', () => {
  it.each([
    [{ compose: {} }, 'compose'],
    [{ host: {} }, 'host'],
  ])('makes what %j names', (config, kind) => {
    expect(createRuntime(runtimeSchema.parse(config), { baseFolder: '/srv/rag' }).kind).toBe(kind);
  });

  it('refuses one it does not know', () => {
    expect(() => createRuntime({ swarm: {} } as never, { baseFolder: '/' })).toThrow(
      'the stack file is not valid [field=runtime found=swarm]',
    );
  });

  it('has no named volumes on a host', () => {
    const host = createRuntime({ host: {} }, { baseFolder: '/' });
    expect(() => host.placeOnVolume({ argv: ['tar'] }, { volume: 'rag_db', marker: 'm' })).toThrow(
      'a named volume needs the compose runtime',
    );
  });

  it('ends nothing without a marker', async () => {
    for (const config of [{ host: {} }, { compose: {} }]) {
      const runtime = createRuntime(runtimeSchema.parse(config), { baseFolder: '/' });
      await expect(runtime.endMarked({ marker: '' })).rejects.toThrow('without a marker');
    }
  });
});
