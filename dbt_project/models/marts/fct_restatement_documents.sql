-- The documents behind fct_restatements; the shares of all documents add up to the change of each figure.
with restatement_documents as (
    select * from {{ source('ledger', 'restatement_documents') }}
),

final as (
    select
        cast(release_id as varchar) as release_id,
        cast(release_as_of_date as date) as release_as_of_date,
        cast(movement_key as varchar) as movement_key,
        cast(change_kind as varchar) as change_kind,
        cast(item_id as varchar) as item_id,
        cast(warehouse_id as varchar) as warehouse_id,
        cast(movement_type as varchar) as movement_type,
        cast(doc_no as varchar) as doc_no,
        cast(business_date as date) as business_date,
        cast(entered_at as timestamptz) as entered_at,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row,
        cast(on_hand_units_change as decimal(28, 6)) as on_hand_units_change,
        cast(inventory_capital_change as decimal(24, 4)) as inventory_capital_change,
        cast(cogs_365_change as decimal(24, 4)) as cogs_365_change,
        cast(average_inventory_value_365_change as double) as average_inventory_value_365_change,
        cast(inventory_turnover_365_change as double) as inventory_turnover_365_change
    from restatement_documents
)

select * from final
