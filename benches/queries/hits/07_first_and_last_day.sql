-- ClickBench 7: first and last day.
SELECT MIN(EventDate), MAX(EventDate)
FROM hits;
