// TypeORM: schema synchronized from entities (twice, so that what it reads of the catalog must be what it made), reads, writes, transactions.

import 'reflect-metadata';
import { DataSource, EntitySchema, In } from 'typeorm';
import { answers, check, equal, fails, version } from './checks.mjs';

version('typeorm');
const Writer = new EntitySchema({
  name: 'Writer', tableName: 'writers',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    name: { type: 'varchar', length: 40, unique: true },
    born: { type: 'date', nullable: true },
    score: { type: 'numeric', precision: 10, scale: 2, nullable: true },
    big: { type: 'bigint', nullable: true },
    at: { type: 'timestamptz', default: () => 'now()' },
    data: { type: 'jsonb', nullable: true },
    mark: { type: 'uuid', nullable: true },
    bytes: { type: 'bytea', nullable: true },
    active: { type: 'boolean', default: true },
  },
});
const Event = new EntitySchema({
  name: 'Event', tableName: 'events', schema: 'shop',
  columns: { id: { type: 'bigint', primary: true }, kind: { type: 'text' }, weight: { type: 'double precision', default: 0 } },
});
const source = new DataSource({ type: 'postgres', host: process.env.PGHOST, port: Number(process.env.PGPORT), username: process.env.PGUSER, database: process.env.PGDATABASE, entities: [Writer, Event], installExtensions: false });

await check('connect', () => source.initialize());
await check('synchronize', () => source.synchronize());
await answers('synchronize again: nothing is left to do', async () => (await source.driver.createSchemaBuilder().log()).upQueries.map((query) => query.query), []);
const writers = source.getRepository('Writer');
await check('save', async () => {
  const ada = await writers.save({ name: 'Ada', born: '1815-12-10', score: '1.50', big: '9007199254740993', data: { a: [1] }, bytes: Buffer.from([0, 255])});
  equal([ada.id, ada.active], [1, true]);
  await writers.save([{ name: 'Bo' }, { name: 'Cy', score: '2.25' }]);
});
await check('find', async () => {
  const ada = await writers.findOneBy({ name: 'Ada' });
  equal([ada.born, ada.score, ada.big, ada.data, [...ada.bytes], ada.active], ['1815-12-10', '1.50', '9007199254740993', { a: [1] }, [0, 255], true]);
  equal((await writers.find({ where: { name: In(['Ada', 'Cy']) }, order: { name: 'DESC' }, select: { name: true } })).map((row) => row.name), ['Cy', 'Ada']);
  equal((await writers.findAndCount({ take: 1, skip: 1, order: { id: 'ASC' } }))[1], 3);
});
await check('update and delete', async () => {
  await writers.update({ name: 'Bo' }, { score: '3.00' });
  await writers.increment({ name: 'Ada' }, 'score', 1);
  equal((await writers.sum('score')), 7.75);
  equal((await writers.delete({ name: 'Cy' })).affected, 1);
});
await check('upsert', async () => {
  await writers.upsert({ name: 'Ada', score: '9.00' }, ['name']);
  equal((await writers.findOneBy({ name: 'Ada' })).score, '9.00');
});
await check('query builder', async () => {
  const row = await source.createQueryBuilder().select('count(*)', 'n').addSelect('sum(o.amount)', 'total').from('shop.orders', 'o').where('o.line = :line', { line: 1 }).getRawOne();
  equal({ ...row }, { n: '250', total: '155937.50' });
});
await check('transactions', async () => {
  await fails(() => source.transaction(async (manager) => { await manager.getRepository('Writer').clear(); throw new Error('undo'); }), { message: 'undo' });
  equal(await writers.count(), 2);
  await source.transaction('SERIALIZABLE', async (manager) => { await manager.getRepository('Event').insert([{ id: '1', kind: 'view' }, { id: '2', kind: 'buy', weight: 1.5 }]); });
  equal(await source.getRepository('Event').count(), 2);
});
await check('error', () => fails(() => writers.insert({ name: 'Ada' }), { code: '23505' }));
await check('stream', async () => {
  let count = 0;
  for await (const _ of await source.createQueryBuilder().select('*').from('shop.orders', 'o').stream()) count += 1;
  equal(count, 1000);
});
await check('reflection', async () => {
  const runner = source.createQueryRunner();
  const table = await runner.getTable('shop.customers');
  equal(table.columns.map((column) => [column.name, column.type, column.isNullable, column.isPrimary]), [['customer_id', 'integer', false, true], ['name', 'text', false, false], ['email', 'character varying', true, false], ['joined', 'date', true, false]]);
  equal(table.uniques.map((unique) => unique.columnNames), [['email']]);
  equal(table.checks.length, 1);
  await runner.release();
});
await check('alter by the query runner', async () => {
  const runner = source.createQueryRunner();
  const { TableColumn } = await import('typeorm');
  await runner.addColumn('writers', new TableColumn({ name: 'added', type: 'integer', isNullable: true }));
  await runner.renameColumn('writers', 'added', 'later');
  await runner.dropColumn('writers', 'later');
  await runner.release();
});
await check('drop', async () => {
  await source.query('DROP TABLE writers');
  await source.query('DROP TABLE shop.events');
});
await check('close', () => source.destroy());
console.log('end');
