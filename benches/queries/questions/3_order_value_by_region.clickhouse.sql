-- ClickHouse's decimal division truncates.
SELECT region, count(*) AS orders, round(toFloat64(sum(revenue)) / count(*), 2) AS average_order_value
FROM events
WHERE event_type = 'purchase'
GROUP BY region
ORDER BY average_order_value DESC, region;
