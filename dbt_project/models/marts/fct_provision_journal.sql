-- The entries that bring the books from one snapshot's provision to the next one's: debit and credit per warehouse and category.
with provisions as (
    select * from {{ ref('fct_provisions') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

entries as (
    {% for kind, debit, credit in [
        ('charge', 'inventory_write_down', 'stock_provision'),
        ('release', 'stock_provision', 'cost_of_goods_sold'),
        ('reversal', 'stock_provision', 'inventory_write_down'),
    ] -%}
        select
            snapshot_date,
            item_id,
            warehouse_id,
            '{{ kind }}' as entry_kind,
            '{{ debit }}' as debit_account,
            '{{ credit }}' as credit_account,
            {{ kind }}_value as entry_value
        from provisions
        where {{ kind }}_value > 0
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

final as (
    select
        entries.snapshot_date as posting_date,
        entries.warehouse_id,
        coalesce(items.category_name, '') as category_name,
        entries.entry_kind,
        entries.debit_account,
        entries.credit_account,
        cast(sum(entries.entry_value) as decimal(24, 4)) as entry_value,
        cast(count(*) as bigint) as items
    from entries
    left join items on entries.item_id = items.item_id
    group by
        entries.snapshot_date,
        entries.warehouse_id,
        coalesce(items.category_name, ''),
        entries.entry_kind,
        entries.debit_account,
        entries.credit_account
)

select * from final
