-- ClickBench 21: urls like google.
SELECT COUNT(*)
FROM hits
WHERE URL LIKE '%google%';
