CREATE TABLE events (
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  event_time timestamptz NOT NULL,
  received_time timestamptz NOT NULL DEFAULT now(),
  user_id bigint NOT NULL,
  session_id bigint NOT NULL,
  product_id integer,
  region text NOT NULL,
  campaign text,
  device text NOT NULL,
  experiment_arm text NOT NULL,
  revenue numeric(12,2),
  payload jsonb NOT NULL
) WITH (partition_by = 'day(event_time)', order_by = 'event_type, event_time');
