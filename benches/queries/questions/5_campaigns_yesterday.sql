-- Which marketing campaigns drove revenue yesterday?
SELECT coalesce(campaign, '(none)') AS source, count(*) AS orders, sum(revenue) AS revenue
FROM events
WHERE event_type = 'purchase'
  AND event_time >= timestamptz '2024-12-30 00:00:00+00' AND event_time < timestamptz '2024-12-31 00:00:00+00'
GROUP BY coalesce(campaign, '(none)')
ORDER BY revenue DESC, source;
