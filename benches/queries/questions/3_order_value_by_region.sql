-- What is the average order value by region?
SELECT region, count(*) AS orders, round(sum(revenue) / count(*), 2) AS average_order_value
FROM events
WHERE event_type = 'purchase'
GROUP BY region
ORDER BY average_order_value DESC, region;
