SELECT experiment_arm, count(DISTINCT session_id) AS sessions,
       count(DISTINCT CASE WHEN event_type = 'purchase' THEN session_id END) AS buying
FROM events
GROUP BY experiment_arm
ORDER BY experiment_arm;
