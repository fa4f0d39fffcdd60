-- ClickBench 5: distinct users.
SELECT COUNT(DISTINCT UserID)
FROM hits;
