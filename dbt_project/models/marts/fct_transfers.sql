with transfers as (
    select * from {{ source('planning', 'transfers') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(from_warehouse_id as varchar) as from_warehouse_id,
        cast(to_warehouse_id as varchar) as to_warehouse_id,
        cast(transfer_kind as varchar) as transfer_kind,
        {{ as_units('transfer_units') }} as transfer_units,
        {{ as_value('transfer_value') }} as transfer_value,
        cast(ship_date as date) as ship_date,
        cast(arrival_date as date) as arrival_date,
        {{ as_value('cost_value') }} as cost_value,
        {{ as_value('saving_value') }} as saving_value,
        {{ as_value('net_saving_value') }} as net_saving_value,
        cast(value_status as varchar) as value_status,
        {{ as_units('purchase_avoided_units') }} as purchase_avoided_units,
        cast(reason as varchar) as reason,
        cast(reason_zh as varchar) as reason_zh
    from transfers
)

select * from final
