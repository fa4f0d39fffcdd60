{{ config(materialized='table') }}
select c.id as customer_id, c.name, coalesce(sum(o.amount), 0) as paid, max(o.placed_at) as last_placed_at
from {{ ref('raw_customers') }} c left join {{ ref('paid_orders') }} o on o.customer_id = c.id
group by 1, 2
