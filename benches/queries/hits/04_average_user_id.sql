-- ClickBench 4: average user id.
SELECT AVG(UserID)
FROM hits;
