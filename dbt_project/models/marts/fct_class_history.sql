with class_history as (
    select * from {{ source('planning', 'class_history') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(valid_from_date as date) as valid_from_date,
        cast(valid_to_date as date) as valid_to_date,
        cast(abc_class as varchar) as abc_class,
        cast(xyz_class as varchar) as xyz_class,
        cast(abc_xyz_cell as varchar) as abc_xyz_cell,
        cast(class_reason as varchar) as class_reason,
        cast(class_reason_zh as varchar) as class_reason_zh
    from class_history
)

select * from final
