// node-postgres: text results with its parsers, parameters, named statements, cursors, streams, COPY, pools, errors.

import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { answers, check, equal, fails, LONG, onFailure, version } from './checks.mjs';

version('pg');
const client = new pg.Client({ options: '-c TimeZone=UTC' });
await client.connect();
onFailure(() => client.query('ROLLBACK'));
const ask = async (sql, parameters) => (await client.query({ text: sql, values: parameters, rowMode: 'array' })).rows;

await answers('connect', () => ask('SELECT current_database(), current_user'), [['stoa', 'stoa']]);
await answers('list schemas', () => ask("SELECT nspname FROM pg_namespace WHERE nspname IN ('public', 'shop') ORDER BY 1"), [['public'], ['shop']]);
await answers('list tables', () => ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY 1"), [['customers'], ['every_type'], ['large_orders'], ['orders']]);
await answers('list columns', () => ask("SELECT column_name, udt_name, is_nullable FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'customers' ORDER BY ordinal_position"), [['customer_id', 'int4', 'NO'], ['name', 'text', 'NO'], ['email', 'varchar', 'YES'], ['joined', 'date', 'YES']]);

const interval = (value) => JSON.parse(JSON.stringify(value));
const EXPECTED = {
  a_boolean: true, a_smallint: -12, an_integer: 123456, a_bigint: '9007199254740993', a_real: 1.5, a_double: 0.1, a_numeric: '1234.50',
  a_text: 'héllo, "wörld"', a_varchar: 'varying', a_char: 'ab   ', a_date: new Date(2024, 1, 29), a_time: '12:34:56.789',
  a_timestamp: new Date(2024, 1, 29, 12, 34, 56, 789), a_timestamptz: new Date('2024-02-29T12:34:56.789Z'),
  a_uuid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', a_json: { b: 1, a: [true, null] }, a_jsonb: { a: [true, null], b: 1 },
  a_bytea: Buffer.from([0, 255, 16]),
};
for (const [column, expected] of Object.entries(EXPECTED)) {
  await answers(`read ${column}`, () => ask(`SELECT ${column} FROM shop.every_type WHERE id IN (1, 3) ORDER BY id`), [[expected], [null]]);
  await check(`write ${column}`, async () => {
    await client.query(`CREATE TABLE written AS SELECT ${column} FROM shop.every_type WHERE false`);
    try {
      await client.query('INSERT INTO written VALUES ($1), ($2)', [expected, null]);
      equal(await ask(`SELECT ${column} FROM written ORDER BY ${column}::text`), [[expected], [null]]);
    } finally { await client.query('DROP TABLE written'); }
  });
}
await answers('read integers and texts', () => ask('SELECT integers, texts FROM lists.every_list WHERE id = 1'), [[[1, null, 3], ['a', 'b c', null]]]);
await answers('write arrays', () => ask('SELECT $1::integer[], $2::text[]', [[1, null, 3], ['a', 'b c', null]]), [[[1, null, 3], ['a', 'b c', null]]]);
await answers('read an_interval', async () => interval((await ask('SELECT an_interval FROM shop.every_type WHERE id = 1'))[0][0]), { months: 1, days: 2, hours: 3, minutes: 4, seconds: 5, milliseconds: 678 });
await answers('fields', async () => (await client.query('SELECT order_id, amount FROM shop.orders LIMIT 0')).fields.map((field) => [field.name, field.dataTypeID, field.columnID]), [['order_id', 20, 1], ['amount', 1700, 4]]);
await check('named statements', async () => {
  for (const [id, name] of [[1, 'Ada'], [2, 'Bo'], [1, 'Ada']]) equal((await client.query({ name: 'one', text: 'SELECT name FROM shop.customers WHERE customer_id = $1', values: [id] })).rows, [{ name }]);
});
await check('queries in a queue', async () => {
  const results = await Promise.all([1, 2, 3, 4].map((number) => ask('SELECT $1::integer', [number])));
  equal(results.flat(2), [1, 2, 3, 4]);
});
await answers('several statements at once', async () => (await client.query('SELECT 1 AS a; SELECT 2 AS b; INSERT INTO shop.customers (name) SELECT NULL WHERE false')).map((result) => [result.command, result.rowCount]), [['SELECT', 1], ['SELECT', 1], ['INSERT', 0]]);
await check('cursor', async () => {
  const cursor = client.query(new Cursor('SELECT order_id FROM shop.orders WHERE line >= $1 ORDER BY 1', [0]));
  equal((await cursor.read(300)).length, 300);
  equal((await cursor.read(900)).length, 700);
  equal((await cursor.read(1)).length, 0);
  await cursor.close();
});
await check('cursor closed early', async () => {
  const cursor = client.query(new Cursor('SELECT order_id FROM shop.orders'));
  await cursor.read(10);
  await cursor.close();
  equal(await ask('SELECT 1'), [[1]]);
});
await check('stream', async () => {
  let sum = 0;
  for await (const row of client.query(new QueryStream('SELECT amount FROM shop.orders', [], { batchSize: 64 }))) sum += Number(row.amount);
  equal(sum, 624375);
});
await check('COPY in and out', async () => {
  await client.query('CREATE TABLE copied (id integer, note text)');
  try {
    await pipeline(Readable.from(['1\tone\n', '2\t\\N\n']), client.query(copyFrom('COPY copied FROM STDIN')));
    const parts = [];
    for await (const part of client.query(copyTo('COPY copied TO STDOUT (FORMAT csv)'))) parts.push(part);
    equal(Buffer.concat(parts).toString(), '1,one\n2,\n');
  } finally { await client.query('DROP TABLE copied'); }
});
await check('transactions and savepoints', async () => {
  await client.query('CREATE TABLE counted (id integer)');
  await client.query('BEGIN');
  await client.query('INSERT INTO counted VALUES (1)');
  await client.query('SAVEPOINT here');
  await fails(() => client.query('SELECT 1 / 0'), { code: '22012' });
  await fails(() => client.query('SELECT 1'), { code: '25P02' });
  await client.query('ROLLBACK TO here');
  await client.query('COMMIT');
  equal(await ask('SELECT * FROM counted'), [[1]]);
  await client.query('DROP TABLE counted');
});
await check('error: position', () => fails(() => client.query('SELECT nothing FROM shop.orders'), { code: '42703', position: '8', severity: 'ERROR' }));
await check('error: unique key', () => fails(() => client.query("INSERT INTO shop.customers VALUES ($1, 'Di')", [1]), { code: '23505', constraint: 'customers_pkey', detail: 'Key (customer_id)=(1) already exists.', table: 'customers' }));
await check('error: a parameter that cannot be read', () => fails(() => ask('SELECT $1::integer', ['x']), { code: '22P02' }));
await check('statement timeout', async () => {
  const other = new pg.Client({ statement_timeout: 200 });
  await other.connect();
  await fails(() => other.query(LONG), { code: '57014' });
  await other.end();
});
await check('cancel by another connection', async () => {
  const [[identity]] = await ask('SELECT pg_backend_pid()');
  const other = new pg.Client();
  await other.connect();
  setTimeout(() => other.query('SELECT pg_cancel_backend($1)', [identity]), 300);
  await fails(() => client.query(LONG), { code: '57014' });
  await other.end();
});
await check('notices', async () => {
  const seen = [];
  client.on('notice', (notice) => seen.push(notice.message));
  await client.query('DROP TABLE IF EXISTS nowhere');
  equal(seen, ['table "nowhere" does not exist, skipping']);
});
await check('pool', async () => {
  const pool = new pg.Pool({ max: 4 });
  const numbers = await Promise.all(Array.from({ length: 20 }, (_, number) => pool.query('SELECT $1::bigint AS n', [number])));
  equal(numbers.map((result) => Number(result.rows[0].n)), Array.from({ length: 20 }, (_, number) => number));
  await pool.end();
});
await client.end();
console.log('end');
