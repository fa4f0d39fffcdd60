SELECT event_time, event_type, product_id, revenue
FROM events
WHERE user_id = 8
ORDER BY event_time, event_type, product_id
LIMIT 50;
