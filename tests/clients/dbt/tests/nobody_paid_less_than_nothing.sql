select * from {{ ref('customer_totals') }} where paid < 0
