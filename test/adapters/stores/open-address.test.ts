import { expect, it } from 'vitest';
import { isOpenAddress, publishedLines } from '../../../src/adapters/stores/open-address.js';

it.each(['', '*', '0.0.0.0', '::', '203.0.113.7', '2001:db8::7', '172.32.0.1'])(
  'takes %j for open to everybody',
  (address) => expect(isOpenAddress(address)).toBe(true),
);

it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', '10.1.2.3', '192.168.0.7', '172.31.0.1', 'fd00::1'])(
  'takes %j for its owner’s own',
  (address) => expect(isOpenAddress(address)).toBe(false),
);

it('warns of the port of the store alone, with the way to close it', () => {
  const ports = [
    { inside: 5432, address: '0.0.0.0', port: 15432 },
    { inside: 5432, address: '::', port: 15432 },
    { inside: 8080, address: '0.0.0.0', port: 80 },
  ];
  expect(publishedLines(ports, 5432)).toEqual([
    {
      what: 'network',
      status: 'warning',
      message:
        'port 5432 of its container is published at 0.0.0.0:15432, [::]:15432 without TLS: who is on the way can read and change the data and the password',
      hint: 'Publish it on loopback ("127.0.0.1:15432:5432"), or not at all: services of the project reach it by its name. ufw does not stand before ports that Docker publishes.',
    },
  ]);
  expect(publishedLines([{ inside: 5432, address: '127.0.0.1', port: 5432 }], 5432)).toEqual([]);
});
