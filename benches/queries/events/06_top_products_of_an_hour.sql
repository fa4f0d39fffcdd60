SELECT product_id, count(*) AS views
FROM events
WHERE event_type = 'view' AND event_time >= timestamptz '2024-12-30 18:00:00+00' AND event_time < timestamptz '2024-12-30 19:00:00+00'
GROUP BY product_id
ORDER BY views DESC, product_id
LIMIT 10;
