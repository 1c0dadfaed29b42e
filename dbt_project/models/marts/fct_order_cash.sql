with order_cash as (
    select * from {{ source('planning', 'order_cash') }}
),

final as (
    select
        cast(draft_no as varchar) as draft_no,
        cast(month_start_date as date) as month_start_date,
        cast(supplier_id as varchar) as supplier_id,
        {{ as_value('cash_value') }} as cash_value
    from order_cash
)

select * from final
