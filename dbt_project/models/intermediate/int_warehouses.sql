-- One row per warehouse, whatever number of systems describe it; the first source instance by name wins.
with warehouses as (
    select * from {{ ref('stg_warehouses') }}
),

ranked as (
    select
        *,
        row_number() over (partition by warehouse_id order by source_instance) as instance_rank
    from warehouses
),

final as (
    select
        warehouse_id,
        company_code,
        warehouse_code,
        warehouse_name,
        warehouse_type,
        ownership,
        is_costed,
        is_nettable,
        is_active,
        parent_warehouse_code,
        region,
        manager_name,
        -- Goods of a supplier or a customer are counted but have no value in our books.
        is_costed and coalesce(ownership, 'own') in ('own', 'at_customer_consignment') as is_valued,
        source_instance,
        source_file,
        source_row
    from ranked
    where instance_rank = 1
)

select * from final
