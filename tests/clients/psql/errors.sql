\set VERBOSITY verbose
SELEC 1;
SELECT no_such_column FROM pg_class;
SELECT * FROM no_such_table;
SELECT no_such_function(1);
SELECT 1 + 'x'::text;
SELECT 1 / 0;
SELECT 'x'::integer;
CREATE TABLE strict (id smallint NOT NULL);
INSERT INTO strict VALUES (NULL);
INSERT INTO strict VALUES (40000);
INSERT INTO strict VALUES (1, 2);
SELECT count(*) FROM strict;
DROP TABLE strict;
DROP TABLE strict;
