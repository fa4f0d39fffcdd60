-- What is the revenue of the flash sale, as it happens, by minute?
SELECT date_trunc('minute', event_time) AS minute, count(*) AS orders, sum(revenue) AS revenue
FROM events
WHERE campaign = 'flash-sale' AND event_type = 'purchase'
  AND event_time >= timestamptz '2024-12-31 19:00:00+00' AND event_time < timestamptz '2024-12-31 20:00:00+00'
GROUP BY date_trunc('minute', event_time)
ORDER BY minute DESC;
