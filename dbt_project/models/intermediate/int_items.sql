-- One row per item, whatever number of systems describe it; the first source instance by name wins. Every column of the master record.
with items as (
    select * from {{ ref('stg_items') }}
),

final as (
    select * from items
    qualify row_number() over (partition by item_id order by source_instance) = 1
)

select * from final
