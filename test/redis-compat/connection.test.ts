/**
 * The connection group: handshake, password, database, and what a client says about itself.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OurServer, startOurs } from '../support/our-server.ts';
import { RawClient } from '../support/raw-client.ts';

let ours: OurServer;
let client: RawClient;
beforeAll(async () => {
  ours = await startOurs();
});
beforeEach(async () => {
  client?.close();
  client = await RawClient.connect(ours.port);
});
afterAll(() => ours.stop());

describe('HELLO', () => {
  test('answers all fields, in RESP2 and in RESP3', async () => {
    const id = await client.call('CLIENT', 'ID');
    const fields = ['$server', '$redis', '$version', '$7.2.6', '$proto', ':3', '$id', id, '$mode', '$standalone'];
    expect(await client.call('HELLO', '3')).toEqual(['%', ...fields, '$role', '$master', '$modules', ['*']]);
    expect(await client.call('GET', 'missing')).toBe('_');
    const resp2 = await client.call('HELLO', '2');
    expect(resp2).toEqual([
      '*',
      ...fields.map(field => (field === ':3' ? ':2' : field)),
      '$role',
      '$master',
      '$modules',
      ['*'],
    ]);
  });

  test('without arguments leaves the protocol as it is', async () => {
    await client.call('HELLO', '3');
    expect((await client.call('HELLO'))[0]).toBe('%');
  });

  test('takes effect for the next command of the same pipeline', async () => {
    const replies = await client.run([
      ['HELLO', '3', 'SETNAME', 'me'],
      ['CLIENT', 'GETNAME'],
      ['CONFIG', 'GET', 'port'],
    ]);
    expect(replies.slice(1)).toEqual(['$me', ['%', '$port', '$0']]);
  });

  test.each([
    [['HELLO', '4'], '-NOPROTO unsupported protocol version'],
    [['HELLO', 'x'], '-ERR Protocol version is not an integer or out of range'],
    [['HELLO', '3', 'SETNAME'], "-ERR Syntax error in HELLO option 'SETNAME'"],
    [['HELLO', '3', 'AUTH', 'default'], "-ERR Syntax error in HELLO option 'AUTH'"],
    [['HELLO', '3', 'SETNAME', 'a b'], '-ERR Client names cannot contain spaces, newlines or special characters.'],
    [['HELLO', '3', 'AUTH', 'nobody', 'x'], '-WRONGPASS invalid username-password pair or user is disabled.'],
  ])('%j -> %s', async (command, answer) => {
    expect(await client.call(...command)).toBe(answer);
    expect(await client.call('CONFIG', 'GET', 'port')).toEqual(['*', '$port', '$0']);
  });
});

describe('a password', () => {
  let closed: OurServer;
  beforeAll(async () => {
    closed = await startOurs({ requirepass: 'secret' });
  });
  afterAll(() => closed.stop());

  test('is asked for, and opens the connection for good', async () => {
    const guest = await RawClient.connect(closed.port);
    expect(
      await guest.run([
        ['GET', 'k'],
        ['NOSUCH'],
        ['GET'],
        ['HELLO', '3'],
        ['AUTH', 'wrong'],
        ['AUTH', 'default', 'wrong'],
        ['AUTH', 'nobody', 'secret'],
      ]),
    ).toEqual([
      '-NOAUTH Authentication required.',
      "-ERR unknown command 'NOSUCH', with args beginning with: ",
      "-ERR wrong number of arguments for 'get' command",
      expect.stringMatching(/^-NOAUTH HELLO must be called with the client already authenticated/),
      ...Array(3).fill('-WRONGPASS invalid username-password pair or user is disabled.'),
    ]);
    expect(await guest.run([['AUTH', 'secret'], ['GET', 'k'], ['RESET'], ['GET', 'k']])).toEqual([
      '+OK',
      '_',
      '+RESET',
      '-NOAUTH Authentication required.',
    ]);
    expect((await guest.call('HELLO', '3', 'AUTH', 'default', 'secret', 'SETNAME', 'in'))[0]).toBe('%');
    guest.close();
  });

  test('small commands only before it is given', async () => {
    const guest = await RawClient.connect(closed.port);
    expect(await guest.call(...Array<string>(11).fill('x'))).toBe(
      '-ERR Protocol error: unauthenticated multibulk length',
    );
    guest.close();
    const other = await RawClient.connect(closed.port);
    expect(await other.call('AUTH', 'x'.repeat(20_000))).toBe('-ERR Protocol error: unauthenticated bulk length');
    other.close();
  });

  test('can be set while the server runs, without putting out who is in', async () => {
    expect(await client.call('CONFIG', 'SET', 'requirepass', 'now closed')).toBe('+OK');
    const guest = await RawClient.connect(ours.port);
    expect(await guest.call('PING')).toBe('-NOAUTH Authentication required.');
    expect(await guest.call('AUTH', 'now closed')).toBe('+OK');
    guest.close();
    expect(await client.call('CONFIG', 'SET', 'requirepass', '')).toBe('+OK');
    expect(await client.call('AUTH', 'x')).toMatch(/^-ERR AUTH <password> called without any password configured/);
    expect(await client.call('AUTH', 'default', 'anything')).toBe('+OK');
  });
});

describe('CLIENT', () => {
  test('ids grow, names are kept, and LIST shows them', async () => {
    const first = Number(String(await client.call('CLIENT', 'ID')).slice(1));
    const other = await RawClient.connect(ours.port);
    const second = Number(String(await other.call('CLIENT', 'ID')).slice(1));
    expect(second).toBeGreaterThan(first);
    expect(
      await client.run([
        ['CLIENT', 'GETNAME'],
        ['CLIENT', 'SETNAME', 'one'],
        ['CLIENT', 'GETNAME'],
        ['CLIENT', 'SETNAME', 'a b'],
        ['SELECT', '3'],
      ]),
    ).toEqual(['_', '+OK', '$one', '-ERR Client names cannot contain spaces, newlines or special characters.', '+OK']);
    await client.run([
      ['CLIENT', 'SETINFO', 'LIB-NAME', 'lib'],
      ['CLIENT', 'SETINFO', 'lib-ver', '1.2'],
    ]);
    const info = String(await client.call('CLIENT', 'INFO'));
    expect(info).toMatch(
      /^\$id=\d+ addr=127\.0\.0\.1:\d+ laddr=127\.0\.0\.1:\d+ fd=\d+ name=one age=\d+ idle=\d+ flags=N db=3 sub=0 psub=0 ssub=0 multi=-1 .* cmd=client\|info user=default redir=-1 resp=2 lib-name=lib lib-ver=1\.2\n$/,
    );
    const list = String(await other.call('CLIENT', 'LIST'));
    expect(list).toContain(`id=${first} `);
    expect(list).toContain(`id=${second} `);
    expect(String(await other.call('CLIENT', 'LIST', 'ID', String(first)))).not.toContain(`id=${second} `);
    expect(await other.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).toBe('$');
    other.close();
  });

  test.each([
    [['CLIENT', 'SETINFO', 'LIB-NAME', 'a b'], '-ERR lib-name cannot contain spaces, newlines or special characters.'],
    [['CLIENT', 'SETINFO', 'COLOUR', 'red'], "-ERR Unrecognized option 'COLOUR'"],
    [['CLIENT', 'NOSUCH'], "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP."],
    [['CLIENT'], "-ERR wrong number of arguments for 'client' command"],
    [['CLIENT', 'ID', 'x'], "-ERR wrong number of arguments for 'client|id' command"],
    [['CLIENT', 'LIST', 'TYPE', 'odd'], "-ERR Unknown client type 'odd'"],
    [['CLIENT', 'LIST', 'ID', 'x'], '-ERR Invalid client ID'],
    [['CLIENT', 'KILL', '1.2.3.4:5'], '-ERR No such client'],
    [['CLIENT', 'KILL', 'ID', '0'], '-ERR client-id should be greater than 0'],
    [['CLIENT', 'NO-EVICT', 'maybe'], '-ERR syntax error'],
    [['CLIENT', 'NO-EVICT', 'on'], '+OK'],
    [['CLIENT', 'NO-TOUCH', 'off'], '+OK'],
    [['CLIENT', 'REPLY', 'LOUD'], '-ERR syntax error'],
  ])('%j -> %s', async (command, answer) => {
    expect(await client.call(...command)).toBe(answer);
  });

  test('KILL closes others at once, and the caller after the answer', async () => {
    const victim = connect({ port: ours.port, host: '127.0.0.1' });
    await once(victim, 'connect');
    victim.write('PING\r\n');
    await once(victim, 'data');
    const { port } = victim.address() as { port: number };
    expect(await client.call('CLIENT', 'KILL', 'ADDR', `127.0.0.1:${port}`)).toBe(':1');
    await once(victim, 'close');
    const id = String(await client.call('CLIENT', 'ID')).slice(1);
    expect(await client.call('CLIENT', 'KILL', 'ID', id)).toBe(':0');
    expect(await client.run([['CLIENT', 'KILL', 'ID', id, 'SKIPME', 'no']])).toEqual([':1']);
    await expect(client.call('PING')).rejects.toThrow('connection closed');
  });

  test('REPLY OFF and SKIP are silent, ON speaks again', async () => {
    const replies = await client.run([
      ['CLIENT', 'REPLY', 'ON'],
      ['PING', 'a'],
    ]);
    expect(replies).toEqual(['+OK', '$a']);
    const socket = connect({ port: ours.port, host: '127.0.0.1' });
    let text = '';
    socket.on('data', chunk => {
      text += chunk;
    });
    socket.write(
      'CLIENT REPLY SKIP\r\nPING skipped\r\nPING heard\r\nCLIENT REPLY OFF\r\nPING off\r\nNOSUCH\r\nCLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nPING on\r\nQUIT\r\n',
    );
    await once(socket, 'close');
    expect(text).toBe('$5\r\nheard\r\n+OK\r\n$2\r\non\r\n+OK\r\n');
  });
});

test('SELECT, ECHO, PING, QUIT and RESET', async () => {
  expect(
    await client.run([
      ['SELECT', '15'],
      ['SELECT', '16'],
      ['SELECT', 'x'],
      ['ECHO', 'hi'],
      ['PING'],
      ['PING', 'hello'],
      ['PING', 'a', 'b'],
      ['RESET'],
      ['QUIT'],
    ]),
  ).toEqual([
    '+OK',
    '-ERR DB index is out of range',
    '-ERR value is not an integer or out of range',
    '$hi',
    '+PONG',
    '$hello',
    "-ERR wrong number of arguments for 'ping' command",
    '+RESET',
    '+OK',
  ]);
  await expect(client.call('PING')).rejects.toThrow('connection closed');
});

test('an unknown command is quoted with its first arguments, without line ends', async () => {
  expect(await client.call('NoSuch', 'a', 'b\r\nc', 'x'.repeat(200), 'more')).toBe(
    `-ERR unknown command 'NoSuch', with args beginning with: 'a' 'b  c' '${'x'.repeat(117)}' `,
  );
});
