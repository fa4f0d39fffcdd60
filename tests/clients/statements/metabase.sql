-- Version: 0.50 to 0.56
-- What Metabase sends, over the JDBC driver: to connect, to synchronize what there is, to look at samples, and for questions.

-- @ settings of the start
SET extra_float_digits = 2; SET application_name = 'Metabase v0.55.1 [f8f63fdf]'; SHOW TRANSACTION ISOLATION LEVEL

-- @ isolation of its connections
-- compare: columns
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SHOW TRANSACTION ISOLATION LEVEL; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED

-- @ time zone
show timezone

-- @ schemas
SELECT nspname AS "TABLE_SCHEM", current_database() AS "TABLE_CATALOG" FROM pg_catalog.pg_namespace
WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1])
  AND (nspname !~ '^pg_toast_temp_' OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_'))
ORDER BY "TABLE_SCHEM"

-- @ what may be read and written
WITH table_privileges AS (
  SELECT NULL AS role, t.schemaname AS schema, t.objectname AS table,
    pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'update') AS update,
    pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'select') AS select,
    pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'insert') AS insert,
    pg_catalog.has_table_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'delete') AS delete
  FROM (
    SELECT schemaname, tablename AS objectname FROM pg_catalog.pg_tables
    UNION SELECT schemaname, viewname AS objectname FROM pg_catalog.pg_views
    UNION SELECT schemaname, matviewname AS objectname FROM pg_catalog.pg_matviews
  ) t
  WHERE t.schemaname !~ '^pg_' AND t.schemaname <> 'information_schema' AND pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')
)
SELECT t.* FROM table_privileges t

-- @ tables
SELECT "n"."nspname" AS "schema", "c"."relname" AS "name",
  CASE "c"."relkind" WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END AS "type",
  "d"."description" AS "description"
FROM "pg_catalog"."pg_class" AS "c" INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid"
LEFT JOIN "pg_catalog"."pg_description" AS "d" ON ("c"."oid" = "d"."objoid") AND ("d"."objsubid" = '0') AND ("d"."classoid" = 'pg_class'::regclass)
LEFT JOIN "pg_stat_user_tables" AS "stat" ON ("n"."nspname" = "stat"."schemaname") AND ("c"."relname" = "stat"."relname")
WHERE ("c"."relnamespace" = "n"."oid") AND ("n"."nspname" !~ '^pg_') AND ("n"."nspname" <> 'information_schema') AND c.relkind IN ('r', 'p', 'v', 'f', 'm') AND ("n"."nspname" IN ('shop'))
ORDER BY "type" ASC, "schema" ASC, "name" ASC

-- @ fields
-- ordered
SELECT "c"."column_name" AS "name",
  CASE WHEN "c"."udt_schema" IN ('public', 'pg_catalog') THEN format('%s', "c"."udt_name") ELSE format('"%s"."%s"', "c"."udt_schema", "c"."udt_name") END AS "database-type",
  "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema" AS "table-schema", "c"."table_name" AS "table-name", "pk"."column_name" IS NOT NULL AS "pk?",
  col_description(CAST(CAST(format('%I.%I', CAST("c"."table_schema" AS text), CAST("c"."table_name" AS text)) AS regclass) AS oid), "c"."ordinal_position") AS "field-comment",
  (("column_default" IS NULL) OR (LOWER("column_default") = 'null')) AND ("is_nullable" = 'NO') AND NOT (("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) AND ("is_identity" = 'NO') AS "database-required",
  (("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO') AS "database-is-auto-increment"
FROM "information_schema"."columns" AS "c"
LEFT JOIN (
  SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name"
  FROM "information_schema"."table_constraints" AS "tc"
  INNER JOIN "information_schema"."key_column_usage" AS "kc" ON ("tc"."constraint_name" = "kc"."constraint_name") AND ("tc"."table_schema" = "kc"."table_schema") AND ("tc"."table_name" = "kc"."table_name")
  WHERE "tc"."constraint_type" = 'PRIMARY KEY'
) AS "pk" ON ("c"."table_schema" = "pk"."table_schema") AND ("c"."table_name" = "pk"."table_name") AND ("c"."column_name" = "pk"."column_name")
WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND ("c"."table_schema" IN ('shop'))
UNION ALL
SELECT "pa"."attname" AS "name", CASE WHEN "ptn"."nspname" IN ('public', 'pg_catalog') THEN format('%s', "pt"."typname") ELSE format('"%s"."%s"', "ptn"."nspname", "pt"."typname") END AS "database-type",
  "pa"."attnum" - 1 AS "database-position", "pn"."nspname" AS "table-schema", "pc"."relname" AS "table-name", FALSE AS "pk?", NULL AS "field-comment", FALSE AS "database-required", FALSE AS "database-is-auto-increment"
FROM "pg_catalog"."pg_class" AS "pc"
INNER JOIN "pg_catalog"."pg_namespace" AS "pn" ON "pn"."oid" = "pc"."relnamespace"
INNER JOIN "pg_catalog"."pg_attribute" AS "pa" ON "pa"."attrelid" = "pc"."oid"
INNER JOIN "pg_catalog"."pg_type" AS "pt" ON "pt"."oid" = "pa"."atttypid"
INNER JOIN "pg_catalog"."pg_namespace" AS "ptn" ON "ptn"."oid" = "pt"."typnamespace"
WHERE ("pc"."relkind" = 'm') AND ("pa"."attnum" >= 1) AND ("pn"."nspname" IN ('shop'))
ORDER BY "table-schema" ASC, "table-name" ASC, "database-position" ASC

-- @ foreign keys
SELECT "fk_ns"."nspname" AS "fk-table-schema", "fk_table"."relname" AS "fk-table-name", "fk_column"."attname" AS "fk-column-name", "pk_ns"."nspname" AS "pk-table-schema", "pk_table"."relname" AS "pk-table-name", "pk_column"."attname" AS "pk-column-name"
FROM "pg_constraint" AS "c"
INNER JOIN "pg_class" AS "fk_table" ON "c"."conrelid" = "fk_table"."oid"
INNER JOIN "pg_namespace" AS "fk_ns" ON "c"."connamespace" = "fk_ns"."oid"
INNER JOIN "pg_attribute" AS "fk_column" ON "c"."conrelid" = "fk_column"."attrelid"
INNER JOIN "pg_class" AS "pk_table" ON "c"."confrelid" = "pk_table"."oid"
INNER JOIN "pg_namespace" AS "pk_ns" ON "pk_table"."relnamespace" = "pk_ns"."oid"
INNER JOIN "pg_attribute" AS "pk_column" ON "c"."confrelid" = "pk_column"."attrelid"
WHERE fk_ns.nspname !~ '^information_schema|catalog_history|pg_' AND ("c"."contype" = 'f'::char) AND ("fk_column"."attnum" = ANY(c.conkey)) AND ("pk_column"."attnum" = ANY(c.confkey)) AND ("fk_ns"."nspname" IN ('shop'))
ORDER BY "fk-table-schema" ASC, "fk-table-name" ASC

-- @ indexes
SELECT "tmp"."table-schema", "tmp"."table-name", TRIM(BOTH '"' FROM pg_catalog.pg_get_indexdef("tmp"."ci_oid", "tmp"."pos", false)) AS "field-name"
FROM (
  SELECT "n"."nspname" AS "table-schema", "ct"."relname" AS "table-name", "ci"."oid" AS "ci_oid", (information_schema._pg_expandarray("i"."indkey"))."n" AS "pos"
  FROM "pg_catalog"."pg_class" AS "ct"
  INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "ct"."relnamespace" = "n"."oid"
  INNER JOIN "pg_catalog"."pg_index" AS "i" ON "ct"."oid" = "i"."indrelid"
  INNER JOIN "pg_catalog"."pg_class" AS "ci" ON "ci"."oid" = "i"."indexrelid"
  WHERE (pg_catalog.pg_get_expr("i"."indpred", "i"."indrelid") IS NULL) AND n.nspname !~ '^information_schema|catalog_history|pg_'
) AS "tmp" WHERE "tmp"."pos" = 1

-- @ enumerations
SELECT nspname, typname, enumlabel FROM pg_enum e JOIN pg_type t ON e.enumtypid = t.oid JOIN pg_namespace n ON t.typnamespace = n.oid ORDER BY nspname, typname, enumlabel

-- @ may a table be read
SELECT TRUE AS "_" FROM "shop"."orders" WHERE 1 <> 1 LIMIT 0

-- @ a sample of a table
-- ordered
SELECT "shop"."customers"."customer_id" AS "customer_id", SUBSTRING("shop"."customers"."name", 1, 1234) AS "substring1", SUBSTRING("shop"."customers"."email", 1, 1234) AS "substring2", "shop"."customers"."joined" AS "joined"
FROM "shop"."customers" ORDER BY 1 LIMIT 10000

-- @ distinct values
-- ordered
SELECT "source"."line" AS "line" FROM (SELECT "shop"."orders"."line" AS "line" FROM "shop"."orders") AS "source" GROUP BY "source"."line" ORDER BY "source"."line" ASC LIMIT 1000

-- @ fingerprints of JSON
SELECT json_typeof(a_json), jsonb_typeof(a_jsonb) FROM shop.every_type

-- @ a question: sums by month
-- ordered
SELECT CAST(DATE_TRUNC('month', "shop"."orders"."placed" AT TIME ZONE 'UTC') AS date) AS "placed", SUM("shop"."orders"."amount") AS "sum", COUNT(*) AS "count"
FROM "shop"."orders" LEFT JOIN "shop"."customers" AS "Customers" ON "shop"."orders"."customer_id" = "Customers"."customer_id"
WHERE "Customers"."name" = 'Ada' GROUP BY CAST(DATE_TRUNC('month', "shop"."orders"."placed" AT TIME ZONE 'UTC') AS date) ORDER BY 1 ASC

-- @ a question: weeks from Sunday, hours of the day, days of the week
-- ordered
SELECT (DATE_TRUNC('week', ("shop"."orders"."placed" AT TIME ZONE 'UTC' + INTERVAL '1 day')) + INTERVAL '-1 day') AS "week",
  CAST(EXTRACT(hour FROM "shop"."orders"."placed" AT TIME ZONE 'UTC') AS integer) AS "hour", (CAST(EXTRACT(dow FROM "shop"."orders"."placed" AT TIME ZONE 'UTC') AS integer) + 1) AS "dow", COUNT(*)
FROM "shop"."orders" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 100

-- @ a question: bins
-- ordered
SELECT FLOOR((("shop"."orders"."amount" - 0.0) / 125.0)) * 125.0 + 0.0 AS "amount", COUNT(*) AS "count" FROM "shop"."orders" GROUP BY 1 ORDER BY 1

-- @ a question: relative dates
-- compare: columns
SELECT COUNT(*) FROM "shop"."orders" WHERE "shop"."orders"."placed" >= DATE_TRUNC('day', (NOW() + INTERVAL '-30 day')) AND "shop"."orders"."placed" < DATE_TRUNC('day', NOW())

-- @ a question: share, conditions, text
SELECT CAST(SUM(CASE WHEN "shop"."orders"."line" = 1 THEN 1 ELSE 0.0 END) AS float) / NULLIF(CAST(COUNT(*) AS float), 0.0) AS "share", COUNT(DISTINCT "shop"."orders"."customer_id") AS "distinct", STDDEV_POP("shop"."orders"."line"::double precision) AS "deviation",
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY "shop"."orders"."line") AS "median"
FROM "shop"."orders" WHERE (LOWER(CAST("shop"."orders"."line" AS text)) LIKE '%1%' OR "shop"."orders"."amount" IS NULL OR NOT ("shop"."orders"."order_id" = 5))

-- @ a question: cumulative sums
-- ordered
SELECT "source"."day", SUM("source"."n") OVER (ORDER BY "source"."day" ROWS UNBOUNDED PRECEDING) AS "sum" FROM (SELECT CAST("placed" AT TIME ZONE 'UTC' AS date) AS "day", COUNT(*) AS "n" FROM "shop"."orders" GROUP BY 1) AS "source" ORDER BY 1 LIMIT 20
