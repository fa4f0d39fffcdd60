-- Version: PostgreSQL connector
-- What Power BI's connector asks, over Npgsql, to fill its navigator, and how it reads tables.

-- @ character sets
SELECT character_set_name FROM information_schema.character_sets

-- @ tables of the navigator
SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY table_schema, table_name

-- @ columns of a table
SELECT column_name, ordinal_position, is_nullable,
  CASE WHEN (data_type LIKE '%unsigned%') THEN data_type || ' unsigned' ELSE data_type END AS data_type
FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'every_type' ORDER BY table_schema, table_name, ordinal_position

-- @ keys that point to a table
SELECT pkcol.column_name AS pk_column_name, fkcol.table_schema AS fk_table_schema, fkcol.table_name AS fk_table_name, fkcol.column_name AS fk_column_name,
  fkcol.ordinal_position AS ordinal, fkcon.constraint_schema || '_' || fkcol.table_name || '_' || 'customers' || '_' || fkcon.constraint_name AS fk_name
FROM (SELECT DISTINCT constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name FROM information_schema.referential_constraints) fkcon
INNER JOIN information_schema.key_column_usage fkcol ON fkcon.constraint_schema = fkcol.constraint_schema AND fkcon.constraint_name = fkcol.constraint_name
INNER JOIN information_schema.key_column_usage pkcol ON fkcon.unique_constraint_schema = pkcol.constraint_schema AND fkcon.unique_constraint_name = pkcol.constraint_name
WHERE pkcol.table_schema = 'shop' AND pkcol.table_name = 'customers' AND pkcol.ordinal_position = fkcol.ordinal_position
ORDER BY fk_name, fkcol.ordinal_position

-- @ keys that a table points with
SELECT pkcol.table_schema AS pk_table_schema, pkcol.table_name AS pk_table_name, pkcol.column_name AS pk_column_name, fkcol.column_name AS fk_column_name,
  fkcol.ordinal_position AS ordinal, fkcon.constraint_schema || '_' || 'orders' || '_' || pkcol.table_name || '_' || fkcon.constraint_name AS fk_name
FROM (SELECT DISTINCT constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name FROM information_schema.referential_constraints) fkcon
INNER JOIN information_schema.key_column_usage fkcol ON fkcon.constraint_schema = fkcol.constraint_schema AND fkcon.constraint_name = fkcol.constraint_name
INNER JOIN information_schema.key_column_usage pkcol ON fkcon.unique_constraint_schema = pkcol.constraint_schema AND fkcon.unique_constraint_name = pkcol.constraint_name
WHERE fkcol.table_schema = 'shop' AND fkcol.table_name = 'orders' AND pkcol.ordinal_position = fkcol.ordinal_position
ORDER BY fk_name, fkcol.ordinal_position

-- @ keys of a table
SELECT i.constraint_schema || '_' || i.constraint_name AS index_name, ii.column_name, ii.ordinal_position,
  CASE WHEN i.constraint_type = 'PRIMARY KEY' THEN 'Y' ELSE 'N' END AS primary_key
FROM information_schema.table_constraints i
INNER JOIN information_schema.key_column_usage ii ON i.constraint_schema = ii.constraint_schema AND i.constraint_name = ii.constraint_name AND i.table_schema = ii.table_schema AND i.table_name = ii.table_name
WHERE i.table_schema = 'shop' AND i.table_name = 'orders' AND i.constraint_type IN ('PRIMARY KEY', 'UNIQUE')
ORDER BY i.constraint_schema || '_' || i.constraint_name, ii.table_schema, ii.table_name, ii.ordinal_position

-- @ preview of a table
-- ordered
SELECT "$Table"."customer_id" AS "customer_id", "$Table"."name" AS "name", "$Table"."email" AS "email", "$Table"."joined" AS "joined" FROM "shop"."customers" "$Table" ORDER BY "$Table"."customer_id" LIMIT 1000

-- @ preview of a query
SELECT * FROM (SELECT * FROM shop.orders WHERE line = 1) "_" LIMIT 0

-- @ folded steps: filter, group, sort
-- ordered
SELECT "rows"."customer_id" AS "customer_id", sum("rows"."amount") AS "total", count(1) AS "Count"
FROM (SELECT "_"."order_id", "_"."line", "_"."customer_id", "_"."amount" FROM "shop"."orders" "_" WHERE "_"."line" >= 1 AND "_"."line" < 3) "rows"
GROUP BY "customer_id" ORDER BY "total" LIMIT 1001

-- @ direct query: a measure by a column of another table
SELECT "semijoin1"."c15", "basetable0"."a0"
FROM (SELECT "t1"."customer_id" AS "c9", sum(CAST("t1"."amount" AS double precision)) AS "a0" FROM (SELECT "$Table"."customer_id", "$Table"."amount" FROM "shop"."orders" "$Table") AS "t1" GROUP BY "t1"."customer_id") AS "basetable0"
INNER JOIN (SELECT "t2"."name" AS "c15", "t2"."customer_id" AS "c9" FROM "shop"."customers" AS "t2") AS "semijoin1" ON ("semijoin1"."c9" = "basetable0"."c9")
