-- Version: PostgreSQL data source of 10 to 12
-- What Grafana's PostgreSQL data source sends: its check, its query editor, and queries with its macros expanded.

-- @ check of the data source
SELECT 1

-- @ version and TimescaleDB
-- compare: columns
SELECT current_setting('server_version_num')::int / 100 AS version; SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'

-- @ version as a number
SELECT current_setting('server_version_num')::int / 100 >= 1500 AS at_least_15

-- @ tables of the query editor
-- ordered
SELECT
  CASE WHEN quote_ident(table_schema) IN (
      SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
      FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
        string_to_array(current_setting('search_path'), ',') s)
    THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', '_timescaledb_catalog', '_timescaledb_internal', '_timescaledb_config', 'timescaledb_information', 'timescaledb_experimental')
ORDER BY CASE WHEN quote_ident(table_schema) IN (
    SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
    FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
      string_to_array(current_setting('search_path'), ',') s) THEN 0 ELSE 1 END, 1

-- @ columns of the query editor
SELECT quote_ident(column_name) AS "column", data_type AS "type"
FROM information_schema.columns
WHERE CASE WHEN array_length(parse_ident('shop.orders'), 1) = 2
  THEN quote_ident(table_schema) = (parse_ident('shop.orders'))[1] AND quote_ident(table_name) = (parse_ident('shop.orders'))[2]
  ELSE quote_ident(table_name) = 'shop.orders' AND quote_ident(table_schema) IN (
    SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
    FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i,
      string_to_array(current_setting('search_path'), ',') s) END

-- @ schemas of the older editor
SELECT quote_ident(schema_name) FROM information_schema.schemata WHERE schema_name NOT LIKE 'pg_%' AND schema_name NOT LIKE 'information_schema'

-- @ time columns of the older editor
SELECT quote_ident(column_name) FROM information_schema.columns WHERE quote_ident(table_schema) = 'shop' AND quote_ident(table_name) = 'orders'
  AND data_type IN ('timestamp without time zone', 'timestamp with time zone', 'bigint', 'integer', 'double precision', 'real')

-- @ a table with a time column, found by itself
-- ordered
SELECT quote_ident(table_name) AS table_name, (SELECT quote_ident(column_name) AS column_name FROM information_schema.columns c
    WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name IN ('timestamptz', 'timestamp') ORDER BY column_name LIMIT 1) AS time_column,
  (SELECT quote_ident(column_name) AS column_name FROM information_schema.columns c
    WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name = 'float8' ORDER BY column_name LIMIT 1) AS value_column
FROM information_schema.tables t
WHERE quote_ident(table_schema) = 'shop' AND EXISTS (SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name IN ('timestamptz', 'timestamp'))
ORDER BY table_name

-- @ $__timeFilter and $__timeGroup
-- ordered
SELECT floor(extract(epoch FROM placed) / 86400) * 86400 AS "time", sum(line) AS "value"
FROM shop.orders WHERE placed BETWEEN '2024-03-01T00:00:00Z' AND '2024-03-10T00:00:00Z' GROUP BY 1 ORDER BY 1

-- @ $__timeGroupAlias with a metric
-- ordered
SELECT (extract(epoch FROM placed)::bigint / 3600) * 3600 AS "time", customer_id::text AS metric, max(line) AS "line"
FROM shop.orders WHERE placed BETWEEN '2024-03-01T00:00:00Z' AND '2024-03-02T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2

-- @ $__unixEpochFilter and $__timeFrom
SELECT count(*) FROM shop.orders WHERE order_id >= 10 AND order_id <= 20; SELECT count(*) FROM shop.orders WHERE placed >= '2024-03-02T00:00:00Z'

-- @ $__interval
-- ordered
SELECT date_bin('1 hour', placed, '2024-01-01T00:00:00Z') AS "time", count(*) FROM shop.orders WHERE placed < '2024-03-01T12:00:00Z' GROUP BY 1 ORDER BY 1

-- @ variables
SELECT DISTINCT name AS __text, customer_id AS __value FROM shop.customers

-- @ annotations
SELECT extract(epoch FROM placed) AS time, order_id AS text, customer_id::text AS tags FROM shop.orders WHERE line = 3 AND order_id < 5
