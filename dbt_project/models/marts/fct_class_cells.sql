-- One row per cell over all companies of the run; amounts of companies in several currencies are refused, not added.
with class_cells as (
    select * from {{ source('planning', 'class_cells') }}
),

companies as (
    select * from {{ ref('dim_companies') }}
),

currencies as (
    {{ one_currency('companies') }}
),

final as (
    select
        cast(class_cells.abc_xyz_cell as varchar) as abc_xyz_cell,
        cast(class_cells.item_warehouses as bigint) as item_warehouses,
        case when currencies.value_status = 'ok' then {{ as_value('class_cells.annual_consumption_value') }} end
            as annual_consumption_value,
        case when currencies.value_status = 'ok' then round(cast(class_cells.consumption_share_rate as double), 6) end
            as consumption_share_rate,
        case when currencies.value_status = 'ok' then {{ as_value('class_cells.on_hand_value') }} end as on_hand_value,
        case when currencies.value_status = 'ok' then round(cast(class_cells.stock_share_rate as double), 6) end as stock_share_rate,
        currencies.value_status,
        cast(class_cells.unvalued_item_warehouses as bigint) as unvalued_item_warehouses,
        cast(class_cells.policies as varchar) as policies
    from class_cells
    cross join currencies
)

select * from final
