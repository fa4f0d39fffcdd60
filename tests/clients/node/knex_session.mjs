// knex: schema builder, migrations, inserts with RETURNING, upserts, transactions, streams, over node-postgres.

import knexFactory from 'knex';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, check, equal, fails, version } from './checks.mjs';

version('knex');
const knex = knexFactory({ client: 'pg', connection: { host: process.env.PGHOST, port: process.env.PGPORT, user: process.env.PGUSER, database: process.env.PGDATABASE } });

await answers('connect', async () => (await knex.raw('SELECT 1 AS one')).rows, [{ one: 1 }]);
await answers('has table', async () => [await knex.schema.withSchema('shop').hasTable('orders'), await knex.schema.hasTable('nowhere')], [true, false]);
await answers('has column', () => knex.schema.withSchema('shop').hasColumn('customers', 'email'), true);
await answers('column information', async () => Object.entries(await knex('customers').withSchema('shop').columnInfo()).map(([name, info]) => [name, info.type, info.nullable, info.maxLength]), [['customer_id', 'integer', false, null], ['name', 'text', false, null], ['email', 'character varying', true, 60], ['joined', 'date', true, null]]);
await check('create a table with everything', async () => {
  await knex.schema.createTable('made', (table) => {
    table.increments('id');
    table.string('name', 40).notNullable();
    table.text('note');
    table.boolean('flag').defaultTo(false);
    table.decimal('amount', 10, 2);
    table.float('part');
    table.double('precise');
    table.bigInteger('big');
    table.date('day');
    table.timestamp('at').defaultTo(knex.fn.now());
    table.jsonb('data');
    table.uuid('mark');
    table.binary('bytes');
    table.unique(['name']);
    table.comment('made by knex');
  });
});
await check('insert with RETURNING', async () => {
  const [row] = await knex('made').insert({ name: 'Ada', amount: '1.50', data: { a: 1 }, bytes: Buffer.from([1]) }).returning(['id', 'name', 'flag']);
  equal({ ...row }, { id: 1, name: 'Ada', flag: false });
});
await answers('read back', async () => ({ ...(await knex('made').first('amount', 'data', 'bytes')) }), { amount: '1.50', data: { a: 1 }, bytes: Buffer.from([1]) });
await check('batch insert', async () => {
  await knex.batchInsert('made', Array.from({ length: 250 }, (_, number) => ({ name: `n${number}` })), 100);
  equal((await knex('made').count('* as n'))[0].n, '251');
});
await check('upsert', async () => {
  await knex('made').insert({ name: 'Ada', note: 'merged' }).onConflict('name').merge(['note']);
  await knex('made').insert({ name: 'Ada', note: 'ignored' }).onConflict('name').ignore();
  equal((await knex('made').where({ name: 'Ada' }).first()).note, 'merged');
});
await check('alter a table', async () => {
  await knex.schema.alterTable('made', (table) => { table.integer('added').defaultTo(7); table.renameColumn('note', 'remark'); table.dropColumn('part'); });
  equal((await knex('made').where({ name: 'Ada' }).first('added', 'remark')).remark, 'merged');
});
await check('query builder', async () => {
  const rows = await knex('shop.orders as o').join('shop.customers as c', 'c.customer_id', 'o.customer_id').select('c.name').sum('o.amount as total').where('o.line', '>', 0).whereBetween('o.order_id', [0, 100]).groupBy('c.name').orderBy('c.name').limit(2);
  equal(rows.map((row) => row.name), ['Ada', 'Bo']);
});
await check('WITH, window functions, UNION', async () => {
  const rows = await knex.with('best', knex('shop.orders').select('customer_id', 'amount').rank('place', (over) => over.partitionBy('customer_id').orderBy('amount', 'desc'))).select('customer_id').from('best').where('place', 1).union(knex.select(knex.raw('4'))).orderBy('customer_id');
  equal(rows.map((row) => row.customer_id), [1, 2, 3, 4]);
});
await check('transactions and savepoints', async () => {
  await knex.transaction(async (outer) => {
    await outer('made').where({ name: 'n1' }).del();
    await fails(() => outer.transaction(async (inner) => { await inner.raw('SELECT 1 / 0'); }), { code: '22012' });
  });
  await fails(() => knex.transaction(async (outer) => { await outer('made').del(); throw new Error('undo'); }), { message: 'undo' });
  equal((await knex('made').count('* as n'))[0].n, '250');
});
await check('stream', async () => {
  let count = 0;
  for await (const _ of knex('shop.orders').select('order_id').stream()) count += 1;
  equal(count, 1000);
});
await check('migrations', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'migrations-'));
  writeFileSync(join(directory, '001_first.mjs'), "export const up = (knex) => knex.schema.createTable('migrated', (table) => { table.increments(); });\nexport const down = (knex) => knex.schema.dropTable('migrated');\n");
  equal((await knex.migrate.latest({ directory, loadExtensions: ['.mjs'] }))[1].length, 1);
  equal(await knex.schema.hasTable('migrated'), true);
  await knex.migrate.rollback({ directory, loadExtensions: ['.mjs'] });
  equal(await knex.schema.hasTable('migrated'), false);
  await knex.schema.dropTable('knex_migrations').dropTable('knex_migrations_lock');
});
await check('error', () => fails(() => knex('made').insert({ name: null }), { code: '23502', column: 'name' }));
await check('truncate and drop', async () => {
  await knex('made').truncate();
  equal((await knex('made').count('* as n'))[0].n, '0');
  await knex.schema.dropTable('made');
});
await knex.destroy();
console.log('end');
