with class_review as (
    select * from {{ source('planning', 'class_review') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(disagreement as varchar) as disagreement,
        cast(abc_xyz_cell as varchar) as abc_xyz_cell,
        {{ as_units('on_hand_units') }} as on_hand_units,
        {{ as_value('on_hand_value') }} as on_hand_value,
        {{ as_value('annual_consumption_value') }} as annual_consumption_value,
        cast(advice as varchar) as advice
    from class_review
)

select * from final
