-- ClickBench 1: count.
SELECT COUNT(*)
FROM hits;
