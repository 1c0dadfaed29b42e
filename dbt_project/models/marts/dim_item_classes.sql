with item_classes as (
    select * from {{ source('planning', 'item_classes') }}
),

final as (
    select
        item_id,
        warehouse_id,
        cast(abc_class as varchar) as abc_class,
        cast(xyz_class as varchar) as xyz_class,
        cast(abc_xyz_cell as varchar) as abc_xyz_cell,
        cast(abc_class_item as varchar) as abc_class_item,
        cast(demand_pattern as varchar) as demand_pattern,
        {{ as_value('annual_consumption_value') }} as annual_consumption_value,
        {{ as_units('annual_consumption_units') }} as annual_consumption_units,
        round(cast(consumption_share_rate as double), 9) as consumption_share_rate,
        round(cast(cumulative_share_rate as double), 9) as cumulative_share_rate,
        cast(value_basis as varchar) as value_basis,
        round(cast(raw_cv_rate as double), 6) as raw_cv_rate,
        round(cast(error_cv_rate as double), 6) as error_cv_rate,
        round(cast(adi as double), 6) as adi,
        round(cast(cv2 as double), 6) as cv2,
        cast(valid_from_date as date) as valid_from_date,
        cast(class_reason as varchar) as class_reason,
        cast(class_reason_zh as varchar) as class_reason_zh
    from item_classes
)

select * from final
