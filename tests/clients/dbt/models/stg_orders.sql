{{ config(materialized='view') }}
select id as order_id, customer_id, amount, placed_at::timestamp as placed_at, is_paid from {{ ref('raw_orders') }}
