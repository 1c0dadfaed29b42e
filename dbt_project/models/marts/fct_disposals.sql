with disposals as (
    select * from {{ source('planning', 'disposals') }}
),

final as (
    select
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(way_rank as bigint) as way_rank,
        cast(way as varchar) as way,
        cast(destination as varchar) as destination,
        {{ as_units('disposal_units') }} as disposal_units,
        {{ as_value('book_value') }} as book_value,
        {{ as_value('expected_recovery_value') }} as expected_recovery_value,
        {{ as_value('recovery_per_unit_value') }} as recovery_per_unit_value,
        {{ as_value('keep_per_unit_value') }} as keep_per_unit_value,
        {{ as_value('gain_value') }} as gain_value,
        {{ as_value('expected_loss_value') }} as expected_loss_value,
        cast(done_by_date as date) as done_by_date,
        cast(value_status as varchar) as value_status,
        cast(reason as varchar) as reason,
        cast(reason_zh as varchar) as reason_zh
    from disposals
)

select * from final
