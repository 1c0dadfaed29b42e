-- One row per warehouse, whatever number of systems describe it; the first source instance by name wins. Every column of the master record.
with warehouses as (
    select * from {{ ref('stg_warehouses') }}
),

final as (
    select
        *,
        -- Goods of a supplier or a customer are counted but have no value in our books.
        is_costed and coalesce(ownership, 'own') in ('own', 'at_customer_consignment') as is_valued
    from warehouses
    qualify row_number() over (partition by warehouse_id order by source_instance) = 1
)

select * from final
