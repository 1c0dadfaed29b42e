-- One row per item, whatever number of systems describe it; the first source instance by name wins.
with items as (
    select * from {{ ref('stg_items') }}
),

ranked as (
    select
        *,
        row_number() over (partition by item_id order by source_instance) as instance_rank
    from items
),

final as (
    select
        item_id,
        company_code,
        item_code,
        item_name,
        category_code,
        category_name,
        base_uom,
        item_type,
        is_stocked,
        is_lot_tracked,
        is_shelf_life,
        shelf_life_days,
        expiry_warn_days,
        is_active,
        discontinued_date,
        standard_cost,
        list_price,
        moq_units,
        order_multiple_units,
        lead_time_days,
        abc_class_source,
        default_supplier_id,
        owner_name,
        source_instance,
        source_file,
        source_row
    from ranked
    where instance_rank = 1
)

select * from final
