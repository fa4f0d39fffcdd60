-- Version: PostgreSQL connector, psqlODBC and JDBC
-- What Tableau sends through its drivers: settings, catalog functions of ODBC, temporary tables, cursors, queries of worksheets.

-- @ settings of the start
SET DateStyle = 'ISO'; SET extra_float_digits = 2; show transaction_isolation

-- @ large objects of the driver
SELECT oid, typbasetype FROM pg_type WHERE typname = 'lo'

-- @ encoding
SELECT getdatabaseencoding()

-- @ version and schema
-- compare: columns
SELECT version(), current_schema()

-- @ tables
-- ordered
SELECT relname, nspname, relkind FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n
WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') AND n.oid = relnamespace
ORDER BY nspname, relname

-- @ tables with their comments
SELECT NULL::text AS table_cat, n.nspname AS table_schem, c.relname AS table_name, d.description AS remarks
FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass)
WHERE c.relnamespace = n.oid AND n.nspname LIKE 'shop' AND c.relkind IN ('r', 'v', 'm') ORDER BY 2, 3

-- @ columns of a table
-- compare: columns
SELECT n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid,
  pg_get_expr(d.adbin, d.adrelid), CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE 0 END, t.typtypmod, 0, attidentity, c.relhassubclass
FROM (((pg_catalog.pg_class c INNER JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND c.oid = {oid:shop.customers})
  INNER JOIN pg_catalog.pg_attribute a ON (NOT a.attisdropped) AND a.attnum > 0 AND a.attrelid = c.oid)
  INNER JOIN pg_catalog.pg_type t ON t.oid = a.atttypid)
  LEFT OUTER JOIN pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
ORDER BY n.nspname, c.relname, attnum

-- @ columns of a table, without numbers
-- ordered
SELECT a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, pg_get_expr(d.adbin, d.adrelid), t.typtypmod, attidentity
FROM ((pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_type t ON t.oid = a.atttypid)
  LEFT OUTER JOIN pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum)
WHERE a.attrelid IN ({oid:shop.customers}, {oid:shop.every_type}) AND a.attnum > 0 ORDER BY a.attname

-- @ primary key
-- ordered
SELECT ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname
FROM pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic
WHERE tc.relname = 'orders' AND n.nspname = 'shop' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't'
  AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1]
  AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid
ORDER BY ia.attnum

-- @ foreign keys
SELECT 'stoa'::name AS "PKTABLE_CAT", n2.nspname AS "PKTABLE_SCHEM", c2.relname AS "PKTABLE_NAME", a2.attname AS "PKCOLUMN_NAME",
  'stoa'::name AS "FKTABLE_CAT", n1.nspname AS "FKTABLE_SCHEM", c1.relname AS "FKTABLE_NAME", a1.attname AS "FKCOLUMN_NAME", i::int2 AS "KEY_SEQ",
  CASE ref.confupdtype WHEN 'c' THEN 0::int2 WHEN 'n' THEN 2::int2 WHEN 'd' THEN 4::int2 WHEN 'r' THEN 1::int2 ELSE 3::int2 END AS "UPDATE_RULE",
  CASE ref.confdeltype WHEN 'c' THEN 0::int2 WHEN 'n' THEN 2::int2 WHEN 'd' THEN 4::int2 WHEN 'r' THEN 1::int2 ELSE 3::int2 END AS "DELETE_RULE",
  ref.conname AS "FK_NAME", cn.conname AS "PK_NAME",
  CASE WHEN ref.condeferrable THEN CASE WHEN ref.condeferred THEN 5::int2 ELSE 6::int2 END ELSE 7::int2 END AS "DEFERRABLITY"
FROM ((((((((SELECT cn.oid, conrelid, conkey, confrelid, confkey, generate_series(array_lower(conkey, 1), array_upper(conkey, 1)) AS i, confupdtype, confdeltype, conname, condeferrable, condeferred
    FROM pg_catalog.pg_constraint cn, pg_catalog.pg_class c, pg_catalog.pg_namespace n
    WHERE contype = 'f' AND conrelid = c.oid AND relname = 'orders' AND n.oid = c.relnamespace AND n.nspname = 'shop') ref
  INNER JOIN pg_catalog.pg_class c1 ON c1.oid = ref.conrelid)
  INNER JOIN pg_catalog.pg_namespace n1 ON n1.oid = c1.relnamespace)
  INNER JOIN pg_catalog.pg_attribute a1 ON a1.attrelid = c1.oid AND a1.attnum = conkey[i])
  INNER JOIN pg_catalog.pg_class c2 ON c2.oid = ref.confrelid)
  INNER JOIN pg_catalog.pg_namespace n2 ON n2.oid = c2.relnamespace)
  INNER JOIN pg_catalog.pg_attribute a2 ON a2.attrelid = c2.oid AND a2.attnum = confkey[i])
  LEFT OUTER JOIN pg_catalog.pg_constraint cn ON cn.conrelid = ref.confrelid AND cn.contype = 'p')
ORDER BY ref.oid, ref.i

-- @ indexes
-- ordered
SELECT c.relname, i.indkey, i.indisunique, i.indisclustered, a.amname, c.relhasrules, n.nspname, d.relhasoids_absent, i.indoption
FROM pg_catalog.pg_index i, pg_catalog.pg_class c, (SELECT oid, relnamespace, 0 AS relhasoids_absent FROM pg_catalog.pg_class WHERE relname = 'customers') d, pg_catalog.pg_am a, pg_catalog.pg_namespace n
WHERE i.indrelid = d.oid AND i.indexrelid = c.oid AND c.relam = a.oid AND n.oid = d.relnamespace AND n.nspname = 'shop'
ORDER BY i.indisprimary DESC, i.indisunique, n.nspname, c.relname

-- @ is there a temporary table
-- compare: nothing
CREATE LOCAL TEMPORARY TABLE "#Tableau_1_Connect" ("COL" INTEGER) ON COMMIT PRESERVE ROWS; INSERT INTO "#Tableau_1_Connect" VALUES (1); SELECT COUNT("COL") FROM "#Tableau_1_Connect"; DROP TABLE "#Tableau_1_Connect"

-- @ a temporary table made of a query
-- compare: nothing
SELECT customer_id, sum(amount) AS total INTO TEMPORARY TABLE "#Tableau_2_Filter" FROM shop.orders GROUP BY 1; SELECT count(*) FROM "#Tableau_2_Filter"; DROP TABLE "#Tableau_2_Filter"

-- @ what a query gives
SELECT * FROM (SELECT * FROM shop.orders) "Custom SQL Query" LIMIT 0

-- @ what a query gives, prepared
SELECT * FROM "shop"."orders" LIMIT 0

-- @ a cursor with hold, read in one message
-- ordered
BEGIN; declare "SQL_CUR0x7f1" cursor with hold for SELECT "orders"."order_id" AS "order_id", "orders"."line" AS "line" FROM "shop"."orders" "orders" ORDER BY 1, 2; fetch 20 in "SQL_CUR0x7f1"; COMMIT; fetch 10 in "SQL_CUR0x7f1"; close "SQL_CUR0x7f1"

-- @ savepoints of the driver
BEGIN; SAVEPOINT _EXEC_SVP_0x1; SELECT count(*) FROM shop.customers; RELEASE _EXEC_SVP_0x1; SAVEPOINT _EXEC_SVP_0x2; ROLLBACK TO _EXEC_SVP_0x2; RELEASE _EXEC_SVP_0x2; COMMIT

-- @ a worksheet: truncated dates
SELECT CAST(DATE_TRUNC('MONTH', CAST(CAST("orders"."placed" AS TIMESTAMP) AS DATE)) AS DATE) AS "tmn:placed:ok", SUM("orders"."amount") AS "sum:amount:ok"
FROM "shop"."orders" "orders" INNER JOIN "shop"."customers" "customers" ON ("orders"."customer_id" = "customers"."customer_id")
WHERE (("customers"."name" IN ('Ada', 'Bo')) AND ("orders"."placed" >= (TIMESTAMP '2024-03-01 00:00:00.000')) AND ("orders"."placed" < (TIMESTAMP '2024-04-01 00:00:00.000')))
GROUP BY 1

-- @ a worksheet: parts of dates, CASE, distinct counts
SELECT (CASE WHEN ("orders"."amount" > 600) THEN 'large' WHEN NOT ("orders"."amount" > 600) THEN 'small' ELSE NULL END) AS "Calculation_1",
  CAST(EXTRACT(YEAR FROM "orders"."placed") AS INTEGER) AS "yr", CAST(TRUNC(EXTRACT(QUARTER FROM "orders"."placed")) AS INTEGER) AS "qr",
  COUNT(DISTINCT "orders"."customer_id") AS "ctd", COUNT(1) AS "cnt", MIN("orders"."line") AS "min", MAX("orders"."line") AS "max"
FROM "shop"."orders" "orders" GROUP BY 1, 2, 3

-- @ a worksheet: weeks from Sunday, days between
SELECT CAST((DATE_TRUNC('DAY', CAST("orders"."placed" AS DATE)) + (-EXTRACT(DOW FROM "orders"."placed") * INTERVAL '1 DAY')) AS DATE) AS "twk", COUNT(*) AS "n",
  MAX((CAST("orders"."placed" AS DATE) - CAST('2024-01-01' AS DATE))) AS "days"
FROM "shop"."orders" "orders" GROUP BY 1

-- @ domain of a filter
-- ordered
SELECT "customers"."name" AS "name" FROM "shop"."customers" "customers" GROUP BY 1 ORDER BY 1 ASC NULLS FIRST

-- @ top n by a joined set
-- ordered
SELECT "t0"."name", SUM("orders"."amount") AS "s" FROM "shop"."orders" "orders"
INNER JOIN "shop"."customers" "t0" ON "t0"."customer_id" = "orders"."customer_id"
INNER JOIN (SELECT "customer_id", SUM("amount") AS "X__alias__0" FROM "shop"."orders" GROUP BY 1 ORDER BY 2 DESC, 1 ASC LIMIT 2) "t1" ON "orders"."customer_id" IS NOT DISTINCT FROM "t1"."customer_id"
GROUP BY 1 ORDER BY 1
