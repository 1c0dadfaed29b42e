with class_cells as (
    select * from {{ source('planning', 'class_cells') }}
),

final as (
    select
        cast(abc_xyz_cell as varchar) as abc_xyz_cell,
        cast(item_warehouses as bigint) as item_warehouses,
        {{ as_value('annual_consumption_value') }} as annual_consumption_value,
        round(cast(consumption_share_rate as double), 6) as consumption_share_rate,
        {{ as_value('on_hand_value') }} as on_hand_value,
        round(cast(stock_share_rate as double), 6) as stock_share_rate,
        cast(unvalued_item_warehouses as bigint) as unvalued_item_warehouses,
        cast(policies as varchar) as policies
    from class_cells
)

select * from final
