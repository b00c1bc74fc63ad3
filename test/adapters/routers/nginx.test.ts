import { describe, expect, it } from 'vitest';
import { connectionsTo } from '../../../src/adapters/routers/nginx/connections.js';
import { upstreamsIn, upstreamText } from '../../../src/adapters/routers/nginx/upstream.js';

describe('an upstream of nginx', () => {
  const route = {
    upstream: 'api',
    to: [
      { address: '172.18.0.6', port: 8000 },
      { address: 'fd00::5', port: 8000 },
      { address: 'api', port: 8000 },
    ],
  };

  it('names each server once, the same text for the same route, and is read again', () => {
    const text = upstreamText(route);
    expect(text).toContain(
      'upstream api {\n  server 172.18.0.6:8000;\n  server [fd00::5]:8000;\n  server api:8000;\n}',
    );
    expect(upstreamText({ ...route, to: [...route.to].reverse() })).toBe(text);
    expect(upstreamsIn(text)).toEqual(route.to);
    expect(upstreamText({ ...route, keepalive: 16 })).toContain('  keepalive 16;\n');
  });

  it('of nobody is still one that nginx takes, and is read as nobody', () => {
    const text = upstreamText({ upstream: 'api', to: [] });
    expect(text).toContain('server 127.0.0.1:9 down;');
    expect(upstreamsIn(text)).toEqual([]);
  });
});

describe('connections that a router has open', () => {
  // 172.18.0.6:8000 is 060012AC:1F40; states 01 established, 02 being made, 08 closed over there, 06 and 0A neither.
  const row = (remote: string, state: string): string =>
    `   0: 030012AC:D5A2 ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1`;
  const table = (...rows: string[]): string =>
    ['  sl  local_address rem_address   st tx_queue rx_queue', ...rows].join('\n');

  it('are those of its address and port that may still bring an answer', () => {
    const text = table(
      ...[row('060012AC:1F40', '01'), row('060012AC:1F40', '02'), row('060012AC:1F40', '08')],
      ...[row('060012AC:1F40', '06'), row('060012AC:1F41', '01'), row('070012AC:1F40', '01')],
      row('00000000:0000', '0A'),
    );
    expect(connectionsTo(text, { address: '172.18.0.6', port: 8000 })).toBe(3);
    expect(connectionsTo(text, { address: '172.18.0.7', port: 8000 })).toBe(1);
    expect(connectionsTo(text, { address: '172.18.0.8', port: 8000 })).toBe(0);
  });

  it('are found in the table of IPv6 too, also where it holds IPv4', () => {
    const mapped = table(row('0000000000000000FFFF0000060012AC:1F40', '01'));
    expect(connectionsTo(mapped, { address: '172.18.0.6', port: 8000 })).toBe(1);
    const own = table(row('000000FD000000000000000005000000:0050', '01'));
    expect(connectionsTo(own, { address: 'fd00::5', port: 80 })).toBe(1);
  });
});
