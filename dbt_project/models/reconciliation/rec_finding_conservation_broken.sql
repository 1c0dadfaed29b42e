-- Units or value are not conserved for an item in a warehouse.
with conservation as (
    select * from {{ ref('fct_conservation') }}
),

final as (
    select
        'conservation_broken' as rule_id,
        item_id || '|' || warehouse_id as subject,
        cast(null as varchar) as severity_override,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(null as varchar) as doc_no,
        cast(null as date) as business_date,
        {{ as_units('coalesce(ledger_closing_units, 0) - balance_units') }} as variance_units,
        value_gap as variance_value,
        cast('conservation_broken' as varchar) as cause,
        'movements ' || cast(movement_units as varchar) || ', balance ' || cast(balance_units as varchar)
        || ', ledger ' || coalesce(cast(ledger_closing_units as varchar), 'none') || ', layers '
        || coalesce(cast(ledger_layer_units as varchar), 'none')
        || ', buckets ' || cast(bucket_units as varchar) as explanation,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    from conservation
    where not is_closed
)

select * from final
