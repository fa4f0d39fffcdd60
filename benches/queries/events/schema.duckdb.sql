CREATE TABLE events (
  event_id uuid NOT NULL,
  event_type varchar NOT NULL,
  event_time timestamptz NOT NULL,
  received_time timestamptz NOT NULL,
  user_id bigint NOT NULL,
  session_id bigint NOT NULL,
  product_id integer,
  region varchar NOT NULL,
  campaign varchar,
  device varchar NOT NULL,
  experiment_arm varchar NOT NULL,
  revenue decimal(12,2),
  payload varchar NOT NULL
);
