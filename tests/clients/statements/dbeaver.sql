-- Version: 24 and 25
-- What DBeaver's PostgreSQL extension asks, over the JDBC driver, to connect and to show its navigator.

-- @ settings of the start
SET extra_float_digits = 3; SET application_name = 'DBeaver - Main'; SHOW search_path

-- @ version
-- compare: columns
SELECT version()

-- @ current schema and user
SELECT current_schema(), session_user

-- @ databases
SELECT db.datname FROM pg_catalog.pg_database db WHERE NOT db.datistemplate AND db.datallowconn AND db.datname <> 'postgres' ORDER BY db.datname

-- @ the database with all that is known
-- compare: columns
SELECT db.oid, db.* FROM pg_catalog.pg_database db WHERE datname = 'stoa'

-- @ roles
-- compare: columns
SELECT a.oid, a.*, pd.description FROM pg_catalog.pg_roles a LEFT JOIN pg_catalog.pg_shdescription pd ON a.oid = pd.objoid ORDER BY a.rolname

-- @ tablespaces
-- compare: columns
SELECT t.oid, t.*, pg_tablespace_location(t.oid) loc FROM pg_catalog.pg_tablespace t ORDER BY t.oid

-- @ access methods
-- compare: columns
SELECT am.oid, am.* FROM pg_catalog.pg_am am ORDER BY am.oid

-- @ languages
-- compare: columns
SELECT l.oid, l.* FROM pg_catalog.pg_language l ORDER BY l.oid

-- @ encodings and collations
-- compare: columns
SELECT c.oid, c.* FROM pg_catalog.pg_collation c ORDER BY c.oid

-- @ schemas
-- compare: columns
SELECT n.oid, n.*, d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = n.oid AND d.objsubid = 0 AND d.classoid = 'pg_namespace'::regclass ORDER BY nspname

-- @ a setting
-- compare: columns
SELECT * FROM pg_catalog.pg_settings WHERE name = 'standard_conforming_strings'

-- @ settings without what depends on the version
SELECT name, setting, vartype, enumvals FROM pg_catalog.pg_settings WHERE name IN ('standard_conforming_strings', 'default_transaction_isolation', 'statement_timeout', 'extra_float_digits', 'application_name')

-- @ probes for columns
SELECT * FROM pg_catalog.pg_enum WHERE 1 <> 1 LIMIT 1; SELECT reltype FROM pg_catalog.pg_class WHERE 1 <> 1 LIMIT 1; SELECT * FROM pg_catalog.pg_type WHERE 1 <> 1 LIMIT 1

-- @ all types
-- compare: columns
SELECT t.oid, t.*, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid = t.typelem
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid = d.objoid
WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')

-- @ tables of a schema
-- compare: columns
SELECT c.oid, c.*, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS partition_expr, pg_catalog.pg_get_partkeydef(c.oid) AS partition_key
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
WHERE c.relnamespace = {namespace:shop} AND c.relkind NOT IN ('i', 'I', 'c')

-- @ tables of a schema, without numbers
SELECT c.relname, c.relkind, c.relpersistence, c.relnatts, c.relchecks, c.relhasindex, c.relispartition, d.description
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
WHERE c.relnamespace = {namespace:shop} AND c.relkind NOT IN ('i', 'I', 'c')

-- @ sizes of tables
-- compare: columns
SELECT c.oid, pg_catalog.pg_total_relation_size(c.oid) AS total_rel_size, pg_catalog.pg_relation_size(c.oid) AS rel_size FROM pg_class c WHERE c.relnamespace = {namespace:shop}

-- @ columns of a table
-- compare: columns
SELECT c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value, dsc.description, dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep ON dep.refobjid = a.attrelid AND dep.deptype = 'i' AND dep.refobjsubid = a.attnum AND dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.oid = {oid:shop.customers} ORDER BY a.attnum

-- @ columns of a table, without numbers
SELECT c.relname, a.attname, a.atttypid, a.attlen, a.attnum, a.atttypmod, a.attbyval, a.attalign, a.attnotnull, a.atthasdef, a.attidentity, a.attgenerated, a.attisdropped,
  pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value, dsc.description
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid)
WHERE NOT a.attisdropped AND a.attnum > 0 AND c.oid IN ({oid:shop.customers}, {oid:shop.every_type}, {oid:shop.large_orders})

-- @ constraints
-- compare: columns
SELECT c.oid, c.*, t.relname AS tabrelname, rt.relnamespace AS refnamespace, d.description,
  CASE WHEN c.contype = 'c' THEN "substring"(pg_get_constraintdef(c.oid), 7) ELSE NULL END consrc_copy
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid = c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid = c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_constraint'::regclass
WHERE c.conrelid = {oid:shop.customers} ORDER BY c.oid

-- @ constraints, without numbers
SELECT c.conname, c.contype, c.condeferrable, c.condeferred, c.convalidated, c.conkey, pg_get_constraintdef(c.oid), CASE WHEN c.contype = 'c' THEN "substring"(pg_get_constraintdef(c.oid), 7) ELSE NULL END
FROM pg_catalog.pg_constraint c WHERE c.conrelid IN ({oid:shop.customers}, {oid:shop.orders})

-- @ indexes
-- compare: columns
SELECT i.*, i.indkey AS keys, c.relname, c.relnamespace, c.relam, c.reltablespace, tc.relname AS tabrelname, dsc.description,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS pred_expr, pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) AS expr,
  pg_catalog.pg_relation_size(i.indexrelid) AS index_rel_size, pg_catalog.pg_stat_get_numscans(i.indexrelid) AS index_num_scans
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid = dsc.objoid
WHERE i.indrelid = {oid:shop.orders} ORDER BY tabrelname, c.relname

-- @ indexes, without numbers
SELECT c.relname, i.indnatts, i.indisunique, i.indisprimary, i.indisvalid, i.indkey::text, i.indoption::text, pg_get_indexdef(i.indexrelid)
FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid IN ({oid:shop.orders}, {oid:shop.customers})

-- @ sequences
SELECT schemaname, sequencename, data_type, start_value, min_value, max_value, increment_by, cycle, cache_size FROM pg_catalog.pg_sequences WHERE schemaname = 'shop'

-- @ what depends on a view
-- compare: columns
SELECT DISTINCT dep.deptype, dep.classid, dep.objid, cl.relkind FROM pg_catalog.pg_depend dep LEFT JOIN pg_class cl ON dep.objid = cl.oid WHERE dep.refobjid = {oid:shop.large_orders}

-- @ functions of a schema
SELECT p.oid, p.proname, p.pronargs FROM pg_catalog.pg_proc p WHERE p.pronamespace = {namespace:shop} ORDER BY p.proname

-- @ functions with all that is known
-- compare: columns
SELECT p.oid AS poid, p.*, pg_catalog.pg_get_expr(p.proargdefaults, 0) AS arg_defaults, d.description
FROM pg_catalog.pg_proc p LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = p.oid
WHERE p.pronamespace = {namespace:pg_catalog} AND p.proname = 'lower' ORDER BY p.proname

-- @ triggers, policies, rules
-- compare: columns
SELECT x.oid, x.*, p.pronamespace AS func_schema_id, d.description
FROM pg_catalog.pg_trigger x
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid = x.tgfoid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = x.oid AND d.objsubid = 0
WHERE x.tgrelid = {oid:shop.orders} AND NOT x.tgisinternal

-- @ rules
-- compare: columns
SELECT r.oid, r.*, pg_get_ruledef(r.oid, true) AS definition FROM pg_rewrite r WHERE r.ev_class = {oid:shop.orders}

-- @ extensions
-- compare: columns
SELECT e.oid, e.*, n.nspname AS schema_name FROM pg_catalog.pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY e.oid

-- @ keywords
-- compare: columns
SELECT string_agg(word, ',') FROM pg_catalog.pg_get_keywords() WHERE word <> ALL ('{a,abs,select,table,zone}'::text[])

-- @ event triggers and foreign servers
-- compare: columns
SELECT e.oid, e.* FROM pg_catalog.pg_event_trigger e; SELECT f.oid, f.* FROM pg_catalog.pg_foreign_server f; SELECT w.oid, w.* FROM pg_catalog.pg_foreign_data_wrapper w

-- @ inheritance
SELECT i.*, c.relnamespace FROM pg_catalog.pg_inherits i, pg_catalog.pg_class c WHERE i.inhrelid = {oid:shop.orders} AND c.oid = i.inhparent ORDER BY i.inhseqno

-- @ text of a view
-- compare: columns
SELECT pg_catalog.pg_get_viewdef({oid:shop.large_orders}, true) AS definition

-- @ privileges
SELECT * FROM information_schema.table_privileges WHERE table_catalog = 'stoa' AND table_schema = 'shop' AND table_name = 'large_orders'

-- @ sessions
-- compare: columns
SELECT sa.* FROM pg_catalog.pg_stat_activity sa

-- @ locks
-- compare: columns
SELECT l.* FROM pg_catalog.pg_locks l

-- @ statistics of tables
-- compare: columns
SELECT * FROM pg_catalog.pg_stat_user_tables WHERE schemaname = 'shop'

-- @ data of a table, and how many rows
-- ordered
SELECT x.* FROM shop.customers x ORDER BY x.customer_id LIMIT 200; SELECT count(*) FROM shop.orders

-- @ an explained query
-- compare: nothing
EXPLAIN (FORMAT json) SELECT count(*) FROM shop.orders
