\set id random(1, 1000000)
INSERT INTO pgbench_rows VALUES (:id, 1);
SELECT count(*) FROM pgbench_rows WHERE id = :id;
