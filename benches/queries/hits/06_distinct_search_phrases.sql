-- ClickBench 6: distinct search phrases.
SELECT COUNT(DISTINCT SearchPhrase)
FROM hits;
