// postgres.js: extended protocol with pipelining and binary-free text, type fetch at the start, cursors, COPY streams, transactions.

import postgres from 'postgres';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { answers, check, equal, fails, LONG, version } from './checks.mjs';

version('postgres');
const notices = [];
const sql = postgres({ max: 3, connection: { TimeZone: 'UTC' }, onnotice: (notice) => notices.push(notice.message) });
const plain = (rows) => rows.map((row) => ({ ...row }));

await answers('connect', async () => plain(await sql`SELECT current_database() AS name`), [{ name: 'stoa' }]);
await answers('list tables', async () => (await sql`SELECT table_name FROM information_schema.tables WHERE table_schema = ${'shop'} ORDER BY 1`).map((row) => row.table_name), ['customers', 'every_type', 'large_orders', 'orders']);
await answers('list columns', async () => (await sql`SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY ordinal_position`).map((row) => row.data_type), ['bigint', 'smallint', 'integer', 'numeric', 'timestamp with time zone']);
const EXPECTED = {
  a_boolean: true, a_smallint: -12, an_integer: 123456, a_bigint: '9007199254740993', a_real: 1.5, a_double: 0.1, a_numeric: '1234.50',
  a_text: 'héllo, "wörld"', a_varchar: 'varying', a_char: 'ab   ', a_date: new Date('2024-02-29'), a_time: '12:34:56.789',
  a_timestamp: new Date(2024, 1, 29, 12, 34, 56, 789), a_timestamptz: new Date('2024-02-29T12:34:56.789Z'), an_interval: '1 mon 2 days 03:04:05.678',
  a_uuid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', a_json: { b: 1, a: [true, null] }, a_jsonb: { a: [true, null], b: 1 },
  a_bytea: Buffer.from([0, 255, 16]),
};
for (const [column, expected] of Object.entries(EXPECTED)) {
  await answers(`read ${column}`, async () => (await sql`SELECT ${sql(column)} AS value FROM shop.every_type WHERE id IN (1, 3) ORDER BY id`).map((row) => row.value), [expected, null]);
  await check(`write ${column}`, async () => {
    await sql.unsafe(`CREATE TABLE written_${column} AS SELECT ${column} FROM shop.every_type WHERE false`);
    try {
      await sql`INSERT INTO ${sql(`written_${column}`)} VALUES (${expected}), (${null})`;
      equal((await sql`SELECT ${sql(column)} AS value FROM ${sql(`written_${column}`)} ORDER BY ${sql(column)}::text`).map((row) => row.value), [expected, null]);
    } finally { await sql`DROP TABLE ${sql(`written_${column}`)}`; }
  });
}
await answers('read integers and texts', async () => plain(await sql`SELECT array_remove(integers, NULL) AS integers, array_remove(texts, NULL) AS texts FROM lists.every_list WHERE id = 1`), [{ integers: [1, 3], texts: ['a', 'b c'] }]);
await answers('columns', async () => (await sql`SELECT order_id, amount FROM shop.orders LIMIT 0`).columns.map((column) => [column.name, column.type]), [['order_id', 20], ['amount', 1700]]);
await answers('arrays as parameters', async () => (await sql`SELECT name FROM shop.customers WHERE customer_id = ANY(${[1, 3]}) ORDER BY 1`).map((row) => row.name), ['Ada', 'Cy']);
await answers('lists as parameters', async () => (await sql`SELECT name FROM shop.customers WHERE name IN ${sql(['Bo', 'Cy'])} ORDER BY 1`).map((row) => row.name), ['Bo', 'Cy']);
await check('insert of objects, RETURNING', async () => {
  await sql`CREATE TABLE many (id integer, note text)`;
  equal(plain(await sql`INSERT INTO many ${sql([{ id: 1, note: 'a' }, { id: 2, note: null }])} RETURNING *`), [{ id: 1, note: 'a' }, { id: 2, note: null }]);
  equal((await sql`UPDATE many SET ${sql({ note: 'x' })} WHERE id = 2`).count, 1);
  await sql`DROP TABLE many`;
});
await check('pipelined queries', async () => {
  const results = await Promise.all(Array.from({ length: 50 }, (_, number) => sql`SELECT ${number}::integer AS n`));
  equal(results.map(([row]) => row.n), Array.from({ length: 50 }, (_, number) => number));
});
await check('cursor', async () => {
  const sizes = [];
  for await (const rows of sql`SELECT order_id FROM shop.orders`.cursor(300)) sizes.push(rows.length);
  equal(sizes, [300, 300, 300, 100]);
});
await check('forEach', async () => {
  let count = 0;
  await sql`SELECT order_id FROM shop.orders`.forEach(() => { count += 1; });
  equal(count, 1000);
});
await answers('describe', async () => (await sql`SELECT name FROM shop.customers WHERE customer_id = ${1}`.describe()).types, [23]);
await answers('simple protocol', async () => (await sql`SELECT 1 AS a; SELECT 2 AS b`.simple()).map((rows) => ({ ...rows[0] })), [{ a: 1 }, { b: 2 }]);
await check('COPY in and out', async () => {
  await sql`CREATE TABLE copied (id integer, note text)`;
  await pipeline(Readable.from(['1\tone\n', '2\t\\N\n']), await sql`COPY copied FROM STDIN`.writable());
  const parts = [];
  for await (const part of await sql`COPY copied TO STDOUT`.readable()) parts.push(part);
  equal(Buffer.concat(parts).toString(), '1\tone\n2\t\\N\n');
  await sql`DROP TABLE copied`;
});
await check('transactions and savepoints', async () => {
  await sql`CREATE TABLE counted (id integer)`;
  await sql.begin(async (inner) => {
    await inner`INSERT INTO counted VALUES (1)`;
    await fails(() => inner.savepoint((deeper) => deeper`SELECT 1 / 0`), { code: '22012' });
    await inner`INSERT INTO counted VALUES (2)`;
  });
  await fails(() => sql.begin(async (inner) => { await inner`DELETE FROM counted`; throw new Error('undo'); }), { message: 'undo' });
  equal((await sql`SELECT id FROM counted ORDER BY 1`).map((row) => row.id), [1, 2]);
  await sql`DROP TABLE counted`;
});
await check('error: position', () => fails(() => sql`SELECT nothing FROM shop.orders`, { code: '42703', position: '8' }));
await check('error: unique key', () => fails(() => sql`INSERT INTO shop.customers VALUES (${1}, 'Di')`, { code: '23505', constraint_name: 'customers_pkey', detail: 'Key (customer_id)=(1) already exists.' }));
await check('statement timeout', async () => {
  const other = postgres({ max: 1, connection: { statement_timeout: 200 } });
  await fails(() => other.unsafe(LONG), { code: '57014' });
  await other.end();
});
await check('cancel', async () => {
  const query = sql.unsafe(LONG);
  setTimeout(() => query.cancel(), 300);
  await fails(() => query, { code: '57014' });
});
await check('notices', async () => {
  notices.length = 0;
  await sql`DROP TABLE IF EXISTS nowhere`;
  equal(notices, ['table "nowhere" does not exist, skipping']);
});
await check('close', () => sql.end({ timeout: 5 }));
console.log('end');
