-- Which products are trending right now (last 15 minutes)?
SELECT p.product_id, p.name, p.category, count(*) AS actions, count(DISTINCT e.user_id) AS users
FROM events e
JOIN products p ON p.product_id = e.product_id
WHERE e.event_time >= timestamptz '2024-12-31 19:45:00+00' AND e.event_time < timestamptz '2024-12-31 20:00:00+00'
GROUP BY p.product_id, p.name, p.category
ORDER BY actions DESC, p.product_id
LIMIT 10;
