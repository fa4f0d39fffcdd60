SELECT count(*) FROM events WHERE event_type = 'search' AND CAST(payload AS text) LIKE '%headphones%';
