-- The value ledger per item, warehouse, day and kind of entry: what every value and every cost of sales is the sum of.
with value_entries as (
    select * from {{ source('ledger', 'value_entries') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(business_date as date) as business_date,
        cast(entry_kind as varchar) as entry_kind,
        entry_kind in {{ cogs_kinds() }} as is_cogs,
        cast(quantity_units as decimal(28, 6)) as quantity_units,
        cast(entry_value as decimal(24, 4)) as entry_value,
        cast(uncosted_units as decimal(28, 6)) as uncosted_units,
        cast(uncosted_stock_units as decimal(28, 6)) as uncosted_stock_units
    from value_entries
)

select * from final
