-- FETCH_COUNT makes psql declare a cursor for every query and fetch from it.
\set FETCH_COUNT 3
SELECT n, 'row ' || n AS name FROM generate_series(1, 8) AS g (n);
SELECT n FROM generate_series(1, 6) AS g (n) WHERE n > 6;
VALUES (1, 'one'), (2, 'two');
\set FETCH_COUNT 100
SELECT count(*), sum(n) FROM (SELECT n FROM generate_series(1, 1000) AS g (n)) AS numbers;
\unset FETCH_COUNT

-- By hand.
BEGIN;
DECLARE letters SCROLL CURSOR WITH HOLD FOR SELECT chr(n) AS letter FROM generate_series(97, 106) AS g (n);
FETCH 3 FROM letters;
MOVE 2 FROM letters;
FETCH PRIOR FROM letters;
COMMIT;
FETCH ABSOLUTE -2 FROM letters;
SELECT name, is_holdable, is_scrollable FROM pg_cursors;
\x on
FETCH letters;
\x off
CLOSE letters;
FETCH letters;

-- As psqlODBC does: several statements in one text.
BEGIN\;declare "SQL_CUR1" cursor with hold for select n from generate_series(1, 5) as g (n)\;fetch 2 in "SQL_CUR1";
fetch 2048 in "SQL_CUR1";
close "SQL_CUR1"\;COMMIT;
declare "SQL_CUR2" cursor with hold for select 7 as seven\;fetch all in "SQL_CUR2";
close "SQL_CUR2";

-- What pools send before they hand a connection on.
SELECT pg_advisory_unlock_all()\; CLOSE ALL\; UNLISTEN *\; RESET ALL;
