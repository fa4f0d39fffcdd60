-- ClickBench 3: sums and averages.
SELECT SUM(AdvEngineID), COUNT(*), AVG(ResolutionWidth)
FROM hits;
