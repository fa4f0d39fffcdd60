-- What is our conversion rate this hour?
SELECT count(DISTINCT session_id) AS sessions,
       count(DISTINCT CASE WHEN event_type = 'purchase' THEN session_id END) AS buying_sessions,
       round(100.0 * count(DISTINCT CASE WHEN event_type = 'purchase' THEN session_id END) / count(DISTINCT session_id), 2)
         AS conversion_percent
FROM events
WHERE event_time >= timestamptz '2024-12-31 19:00:00+00' AND event_time < timestamptz '2024-12-31 20:00:00+00';
