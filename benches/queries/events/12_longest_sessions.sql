SELECT session_id, count(*) AS events, max(event_time) - min(event_time) AS length
FROM events
GROUP BY session_id
ORDER BY events DESC, session_id
LIMIT 10;
