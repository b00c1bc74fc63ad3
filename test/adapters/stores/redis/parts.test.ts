import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cliTool, failureOf } from '../../../../src/adapters/stores/redis/cli.js';
import { compareFacts } from '../../../../src/adapters/stores/redis/compare-facts.js';
import {
  dataBytes,
  configDocument,
  configOf,
  keyspaceOf,
  usersOf,
} from '../../../../src/adapters/stores/redis/info.js';
import { parseInto } from '../../../../src/adapters/stores/redis/into.js';
import { modulesOf } from '../../../../src/adapters/stores/redis/live.js';
import { keyCounts } from '../../../../src/adapters/stores/redis/loaded-facts.js';
import { withoutMark } from '../../../../src/adapters/stores/redis/rdb-end.js';
import { parseRdbHeader } from '../../../../src/adapters/stores/redis/rdb-header.js';
import { throwawayTool } from '../../../../src/adapters/stores/redis/throwaway.js';
import {
  readsRdb,
  serverBinaryVersion,
  serverOf,
  versionOf,
} from '../../../../src/adapters/stores/redis/versions.js';
import { Secret } from '../../../../src/contracts/secret.js';

describe('versions', () => {
  it.each([
    ['redis_version:7.0.15\nredis_mode:standalone\nrole:master', 'redis', '7.0.15'],
    [
      'redis_version:7.2.4\nserver_name:valkey\nvalkey_version:8.1.1\nserver_mode:standalone\nrole:slave',
      'valkey',
      '8.1.1',
    ],
  ])('reads product and version of %j', (info, product, version) => {
    expect(serverOf(info)).toMatchObject({ product, version });
  });

  it.each([
    ['redis_version:5.0.14', 'product=redis version=5.0.14'],
    ['redis_version:9.0.0', 'version=9.0.0'],
    ['redis_version:7.2.4\nvalkey_version:10.0.0', 'product=valkey version=10.0.0'],
    ['redis_version:7.2.0\nredis_mode:cluster', 'mode=cluster'],
    ['redis_version:7.2.0\ndragonfly_version:df-v1.2', 'product=dragonfly'],
    ['', 'no redis_version'],
  ])('refuses %j', (info, says) => {
    expect(() => serverOf(info)).toThrow(says);
    expect(() => serverOf(info)).toThrow(/^the store is of an unsupported version/);
  });

  it.each([
    ['redis', '7.0.15', 10, 'redis', '7.0.15', true],
    ['redis', '7.0.15', 11, 'redis', '7.2.0', false],
    ['redis', '8.0.2', 10, 'redis', '7.0.15', true],
    ['redis', '8.0.2', 11, 'valkey', '8.1.1', true],
    ['redis', '8.0.2', 80, 'valkey', '9.0.0', false],
    ['valkey', '8.1.1', 11, 'redis', '7.2.4', true],
    ['valkey', '8.1.1', 12, 'redis', '7.4.0', false],
    ['valkey', '9.0.0', 12, 'redis', '8.0.0', false],
    ['valkey', '9.0.0', 80, 'valkey', '9.0.0', true],
    ['redis', '6.2.0', 9, 'redis', '6.0.0', true],
    ['redis', '8.6.0', 13, 'redis', '8.6.0', true],
  ])('%s %s reads RDB %i of %s %s: %s', (product, version, rdb, writer, writerVersion, reads) => {
    expect(readsRdb(versionOf(product, version), rdb, versionOf(writer, writerVersion))).toBe(reads);
  });

  it('reads what a server binary says of itself', () => {
    expect(serverBinaryVersion('Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc')).toMatchObject({
      product: 'redis',
      major: 7,
      minor: 0,
    });
    expect(serverBinaryVersion('Valkey server v=8.1.1 sha=0')).toMatchObject({
      product: 'valkey',
      major: 8,
      minor: 1,
    });
    expect(serverBinaryVersion('something else')).toBeUndefined();
  });
});

describe('answers of the server', () => {
  it('counts keys with and without expiry by database', () => {
    const keyspace = keyspaceOf(
      '# Keyspace\r\ndb0:keys=5,expires=2,avg_ttl=7\r\ndb3:keys=1,expires=1,avg_ttl=0\r\ndb4:keys=3,expires=0,avg_ttl=0,subexpiry=1\r\n',
    );
    expect(keyCounts(keyspace)).toEqual({
      counts: { db0: 3 },
      atMost: { 'db0 with expiry': 2, 'db3 with expiry': 1, 'db4 keys, some with fields that expire': 3 },
    });
  });

  it('stores settings without secrets', () => {
    const config = configOf(
      'requirepass\nsecret1\nmasterauth\nsecret2\ntls-key-file-pass\nsecret3\nsave\n3600 1 300 100\nlogfile\n\nmaxmemory\n0\n',
    );
    expect(configDocument(config)).toBe('maxmemory 0\nsave 3600 1 300 100\n');
  });

  it('names users and modules', () => {
    expect(usersOf('user default on nopass ~* &* +@all\nuser app on #ab ~* +get')).toEqual([
      'app',
      'default',
    ]);
    const list =
      'name\nbf\nver\n20612\npath\n/usr/lib/bf.so\nargs\n\nname\nvectorset\nver\n1\npath\n\nargs\n\n';
    expect(modulesOf(list)).toEqual([
      { name: 'bf', load: '/usr/lib/bf.so' },
      { name: 'vectorset', load: undefined },
    ]);
    expect(modulesOf('name\nold\nver\n1')).toEqual([{ name: 'old', load: undefined }]);
  });

  it('does not take errors that INFO counts for errors of its own', () => {
    const info = '# Errorstats\nerrorstat_NOPERM:count=1\nerrorstat_LOADING:count=2';
    expect(failureOf(info, '', 0, { port: 1 }, 'INFO')).toBeUndefined();
    expect(failureOf('NOPERM this user has no permissions', '', 0, { port: 1 }, 'INFO')).toMatchObject({
      code: 'store.denied',
    });
    expect(failureOf('PONG', 'AUTH failed: WRONGPASS invalid', 0, {}, 'PING')).toMatchObject({
      code: 'store.denied',
    });
    expect(failureOf('LOADING Redis is loading', '', 0, {}, 'PING')).toMatchObject({
      code: 'store.unreachable',
    });
    expect(
      failureOf('', 'Could not connect to Redis at 127.0.0.1:1: Connection refused', 1, {}, 'PING'),
    ).toMatchObject({ code: 'store.unreachable' });
    expect(failureOf("ERR unknown command 'X'", '', 0, {}, 'X')?.message).toBe(
      `a tool failed [tool="redis-cli X" exit=0 says="ERR unknown command 'X'"]`,
    );
  });
});

describe('tools', () => {
  it('gives redis-cli its password by the environment', () => {
    const password = new Secret('hidden');
    expect(cliTool('redis-cli', { host: 'h', port: 7, user: 'u', password }, ['PING'])).toEqual({
      argv: ['redis-cli', '-h', 'h', '-p', '7', '--user', 'u', '--no-auth-warning', 'PING'],
      env: { LC_ALL: 'C' },
      secrets: { REDISCLI_AUTH: password },
    });
  });

  it('starts a server of our own that writes nothing and listens nowhere', () => {
    const server = { path: '/bin/redis-server', version: versionOf('redis', '6.2.1') };
    const { argv } = throwawayTool({ server, folder: '/f', file: 'dump.rdb', socket: '/s', databases: 16 });
    expect(argv.join(' ')).toBe(
      '/bin/redis-server --port 0 --bind 127.0.0.1 --save  --appendonly no --daemonize no --databases 16 --dir /f --dbfilename dump.rdb --unixsocket /s --unixsocketperm 700',
    );
  });

  it.each(['relative', 'host', 'host:0', 'host:99999', '', undefined])(
    'refuses %j as a destination',
    (into) => {
      expect(() => parseInto(into)).toThrow(/^wrong usage/);
    },
  );
});

describe('RDB bytes', () => {
  const end = Buffer.concat([Buffer.from([0xff]), Buffer.from('12345678')]);
  async function* pieces(all: Buffer, sizes: number[]): AsyncGenerator<Buffer> {
    let at = 0;
    for (const size of sizes) {
      yield all.subarray(at, at + size);
      at += size;
    }
    yield all.subarray(at);
  }
  const read = async (all: Buffer, sizes: number[]): Promise<Buffer> => {
    const out: Buffer[] = [];
    for await (const chunk of withoutMark(pieces(all, sizes))) out.push(chunk);
    return Buffer.concat(out);
  };

  it('takes the mark of a diskless synchronisation off, however the bytes are cut', async () => {
    const anyRdb = fc
      .uint8Array({ maxLength: 200 })
      .map((body) => Buffer.concat([Buffer.from('REDIS0010'), Buffer.from(body), end]));
    await fc.assert(
      fc.asyncProperty(
        anyRdb,
        fc.boolean(),
        fc.array(fc.nat(60), { maxLength: 10 }),
        async (rdb, marked, sizes) => {
          const mark = Buffer.from(marked ? '0123456789abcdef'.repeat(3).slice(0, 40) : '');
          expect((await read(Buffer.concat([rdb, mark]), sizes)).equals(rdb)).toBe(true);
        },
      ),
    );
  });

  it('refuses an RDB that breaks off', async () => {
    await expect(read(Buffer.from('REDIS0010 something without an end'), [])).rejects.toMatchObject({
      code: 'stream.corrupt',
    });
    await expect(read(Buffer.alloc(0), [])).rejects.toMatchObject({ code: 'stream.corrupt' });
  });

  it('reads format and moment from the header', () => {
    // redis-ver = "7.0.15", redis-bits = 64 (8 bits), ctime = 1795323736 (32 bits)
    const header = Buffer.concat([
      Buffer.from('REDIS0010'),
      Buffer.from([0xfa, 9]),
      Buffer.from('redis-ver'),
      Buffer.from([6]),
      Buffer.from('7.0.15'),
      Buffer.from([0xfa, 10]),
      Buffer.from('redis-bits'),
      Buffer.from([0xc0, 64]),
      Buffer.from([0xfa, 5]),
      Buffer.from('ctime'),
      Buffer.from([0xc2, 0x58, 0x9b, 0x02, 0x6b]),
      Buffer.from([0xfe, 0, 0, 0, 0, 0, 0, 0]),
    ]);
    const { version, aux } = parseRdbHeader(header);
    expect(version).toBe(10);
    expect(Object.fromEntries(aux)).toEqual({
      'redis-ver': '7.0.15',
      'redis-bits': '64',
      ctime: String(0x6b029b58),
    });
    expect(parseRdbHeader(Buffer.concat([Buffer.from('VALKEY080'), end])).version).toBe(80);
    expect(() => parseRdbHeader(Buffer.from('PGDMP'))).toThrow(/^bytes differ/);
  });
});

describe('comparing facts', () => {
  const none = { counts: {}, atMost: {}, digests: {}, names: {} };

  it('wants equal counts, no more than there were, every name, equal digests', () => {
    const wanted = {
      counts: { db0: 3, db1: 1 },
      atMost: { 'db0 with expiry': 2 },
      digests: { d: 'a' },
      names: { functions: ['f', 'g'] },
    };
    expect(compareFacts(wanted, { ...wanted, atMost: {} }).differences).toEqual([]);
    const found = {
      counts: { db0: 4, db2: 1 },
      atMost: { 'db0 with expiry': 3 },
      digests: { d: 'b' },
      names: { functions: ['f'] },
    };
    expect(compareFacts(wanted, found).differences).toEqual([
      'db0: 3 keys without expiry in the backup, 4 here',
      'db1: 1 keys without expiry in the backup, 0 here',
      'db2: 0 keys without expiry in the backup, 1 here',
      'db0 with expiry: at most 2 keys in the backup, 3 here',
      'functions missing: g',
      'digest of d differs',
    ]);
    expect(compareFacts(none, none).differences).toEqual([]);
  });
});

describe('bytes of the data', () => {
  const told = (used: string, data: string) =>
    dataBytes(
      new Map([
        ['used_memory', used],
        ['used_memory_dataset', data],
      ]),
    );

  it('are those of the data set, or all there is where a server tells nonsense', () => {
    expect(told('2000000', '1500000')).toBe(1_500_000);
    // Redis 8.0 with next to no data.
    expect(told('1050000', '18446744073709523488')).toBe(1_050_000);
    expect(dataBytes(new Map())).toBeUndefined();
  });
});
