-- Show the funnel of the last day: search, then view, then cart, then purchase, each after the one before in the same session.
WITH day AS (
  SELECT session_id, event_type, event_time
  FROM events
  WHERE event_time >= timestamptz '2024-12-30 20:00:00+00' AND event_time < timestamptz '2024-12-31 20:00:00+00'
), searched AS (
  SELECT session_id, min(event_time) AS at FROM day WHERE event_type = 'search' GROUP BY session_id
), viewed AS (
  SELECT day.session_id, min(day.event_time) AS at
  FROM day JOIN searched ON day.session_id = searched.session_id
  WHERE day.event_type = 'view' AND day.event_time > searched.at
  GROUP BY day.session_id
), carted AS (
  SELECT day.session_id, min(day.event_time) AS at
  FROM day JOIN viewed ON day.session_id = viewed.session_id
  WHERE day.event_type = 'cart' AND day.event_time > viewed.at
  GROUP BY day.session_id
), purchased AS (
  SELECT day.session_id, min(day.event_time) AS at
  FROM day JOIN carted ON day.session_id = carted.session_id
  WHERE day.event_type = 'purchase' AND day.event_time > carted.at
  GROUP BY day.session_id
)
SELECT step, action, sessions
FROM (
  SELECT 1 AS step, 'search' AS action, count(*) AS sessions FROM searched
  UNION ALL SELECT 2, 'view', count(*) FROM viewed
  UNION ALL SELECT 3, 'cart', count(*) FROM carted
  UNION ALL SELECT 4, 'purchase', count(*) FROM purchased
) AS funnel
ORDER BY step;
