-- ClickBench 2: adv engine count.
SELECT COUNT(*)
FROM hits
WHERE AdvEngineID <> 0;
