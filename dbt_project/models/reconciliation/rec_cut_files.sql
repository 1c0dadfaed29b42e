-- Days of which a file brought only a part: far more documents of the day than usual are known to one system and lack in the other.
-- Asked both ways: shipments and receipts that the ledger lacks (its file was cut), documents that the ledger has posted and the
-- system that handled the goods does not show (that system's file was cut), orders that were handled and never came.
with receipts as (
    select * from {{ ref('rec_receipts_movements') }}
),

shipments as (
    select * from {{ ref('rec_shipments_movements') }}
),

moved_lines as (
    select * from {{ ref('rec_moved_lines') }}
),

missing_days as (
    select * from {{ ref('rec_missing_days') }}
),

ledger_book as (
    select * from {{ ref('rec_ledger_book') }}
),

receipt_lines as (
    select * from {{ ref('stg_purchase_receipt_lines') }}
),

shipment_lines as (
    select * from {{ ref('stg_sales_shipment_lines') }}
),

sales_lines as (
    select * from {{ ref('stg_sales_order_lines') }}
),

purchase_lines as (
    select * from {{ ref('stg_purchase_order_lines') }}
),

-- Orders that were shipped or received, beside the orders that came. The day of one that did not come is that of the order numbered
-- before it.
{% set orders = [
    ('sales_order_line', 'shipment_lines', 'sales_lines', 'so_no'),
    ('purchase_order_line', 'receipt_lines', 'purchase_lines', 'po_no'),
] %}
{% for contract, handled, ordered, order_no in orders %}
    {{ handled }}_orders as (
        select
            company_code,
            {{ order_no }} as doc_no,
            min(order_date) as order_date,
            true as is_known
        from {{ ordered }}
        group by company_code, {{ order_no }}
        union all
        select
            handled.company_code,
            handled.{{ order_no }} as doc_no,
            cast(null as date) as order_date,
            false as is_known
        from {{ handled }} as handled
        left join {{ ordered }} as ordered
            on handled.company_code = ordered.company_code and handled.{{ order_no }} = ordered.{{ order_no }}
        where handled.{{ order_no }} is not null and ordered.{{ order_no }} is null
        group by handled.company_code, handled.{{ order_no }}
    ),

    {{ handled }}_days as (
        select
            *,
            max(case when is_known then doc_no end) over (partition by company_code order by doc_no) as doc_no_before
        from {{ handled }}_orders
    ),
{% endfor %}

run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

-- Booked under another item or in another warehouse a line is there.
elsewhere as (
    select
        doc_no,
        right_item_id as item_id,
        right_warehouse_id as warehouse_id
    from moved_lines
    union distinct
    select
        doc_no,
        item_id,
        warehouse_id
    from moved_lines
),

lines as (
    {% for contract, relation in [('sales_shipment_line', 'shipments'), ('purchase_receipt_line', 'receipts')] %}
        select
            'stock_movement' as contract,
            '{{ relation }}' as relation,
            doc_no,
            item_id,
            warehouse_id,
            document_date as cut_date,
            case when has_movement then 0 else 1 end as is_lacking
        from {{ relation }}
        where has_document and is_posted and document_units > 0
        union all
        select
            '{{ contract }}' as contract,
            '{{ relation }}' as relation,
            doc_no,
            item_id,
            warehouse_id,
            ledger_date as cut_date,
            case when has_document then 0 else 1 end as is_lacking
        from {{ relation }}
        where has_movement and ledger_units > 0
        union all
    {% endfor %}
    {% for contract, handled, ordered, order_no in orders %}
        select
            '{{ contract }}' as contract,
            'orders' as relation,
            handled.{{ order_no }} as doc_no,
            handled.item_id,
            handled.warehouse_id,
            coalesce(own.order_date, before.order_date) as cut_date,
            case when own.is_known then 0 else 1 end as is_lacking
        from {{ handled }} as handled
        inner join {{ handled }}_days as own
            on handled.company_code = own.company_code and handled.{{ order_no }} = own.doc_no
        inner join {{ handled }}_orders as before
            on own.company_code = before.company_code and own.doc_no_before = before.doc_no and before.is_known
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- What is not posted yet may come within the transit window.
counted as (
    select
        lines.contract,
        split_part(lines.item_id, '/', 1) as company_code,
        lines.cut_date,
        count(*) as day_lines,
        sum(lines.is_lacking) as lacking_lines
    from lines
    cross join run_parameters
    left join elsewhere
        on
            lines.doc_no = elsewhere.doc_no
            and lines.item_id = elsewhere.item_id
            and lines.warehouse_id = elsewhere.warehouse_id
    where
        elsewhere.doc_no is null
        and lines.cut_date < {{ add_days('run_parameters.as_of_date', '-run_parameters.transit_days') }}
    group by lines.contract, split_part(lines.item_id, '/', 1), lines.cut_date
),

-- How many lines lack on the company's other days, the rule of succession against a company where none does.
usual as (
    select
        *,
        lacking_lines * 1.0 / day_lines as lacking_rate,
        ((sum(lacking_lines) over company) - lacking_lines + 1.0) / ((sum(day_lines) over company) - day_lines + 2.0) as usual_rate
    from counted
    window company as (partition by contract, company_code)
),

-- Evidence in bits: two binomials against one. 20 bits, because every day is asked: chance at most one day in a million. Of orders, ten
-- (one day in 1,024): most that a file lost come with the next one, as they are still open, and two that never came are all there is.
cut_days as (
    select
        contract,
        company_code,
        cut_date,
        day_lines,
        lacking_lines
    from usual
    where
        lacking_lines >= case when contract in ('sales_order_line', 'purchase_order_line') then 2 else 3 end
        and lacking_rate < 1
        and lacking_rate > 2 * usual_rate
        and lacking_lines * log2(lacking_rate / usual_rate)
        + (day_lines - lacking_lines) * log2((1 - lacking_rate) / (1 - usual_rate))
        >= case when contract in ('sales_order_line', 'purchase_order_line') then 10 else 20 end
),

-- The ledger's file was cut only where the ERP's own list has the goods moved: else nobody has posted the documents.
posted_lines as (
    select
        lines.relation,
        lines.doc_no,
        lines.item_id,
        lines.warehouse_id,
        lines.cut_date
    from lines
    cross join run_parameters
    inner join ledger_book
        on
            lines.item_id = ledger_book.item_id
            and lines.warehouse_id = ledger_book.warehouse_id
            and lines.cut_date <= ledger_book.snapshot_date
            and ledger_book.previous_snapshot_date <= {{ add_days('lines.cut_date', 'run_parameters.transit_days') }}
            and ledger_book.variance_change_units <> 0
    where lines.contract = 'stock_movement' and lines.is_lacking = 1
    group by lines.relation, lines.doc_no, lines.item_id, lines.warehouse_id, lines.cut_date
),

posted as (
    select
        split_part(item_id, '/', 1) as company_code,
        cut_date,
        count(*) as posted_lines
    from posted_lines
    group by split_part(item_id, '/', 1), cut_date
),

-- The first file of the day or after it: later ones repeat what is still open.
day_files as (
    select
        cut_days.contract,
        cut_days.company_code,
        cut_days.cut_date,
        min_by(batches.source_instance, batches.batch_sequence) as source_instance,
        min_by(batches.source_file, batches.batch_sequence) as source_file
    from cut_days
    inner join {{ source('quality', 'landing_batches') }} as batches
        on
            cut_days.contract = batches.contract
            and cut_days.company_code = batches.company_code
            and cut_days.cut_date <= batches.extract_date
    where batches.contract_rows > 0
    group by cut_days.contract, cut_days.company_code, cut_days.cut_date
),

final as (
    select
        cut_days.contract,
        day_files.source_instance,
        cut_days.company_code,
        cut_days.cut_date,
        day_files.source_file,
        cast(cut_days.day_lines as bigint) as day_lines,
        cast(cut_days.lacking_lines as bigint) as lacking_lines
    from cut_days
    inner join day_files
        on
            cut_days.contract = day_files.contract
            and cut_days.company_code = day_files.company_code
            and cut_days.cut_date = day_files.cut_date
    left join posted on cut_days.company_code = posted.company_code and cut_days.cut_date = posted.cut_date
    left join missing_days
        on cut_days.company_code = missing_days.company_code and cut_days.cut_date = missing_days.missing_date
    where
        missing_days.missing_date is null
        and (cut_days.contract <> 'stock_movement' or posted.posted_lines * 2 >= cut_days.lacking_lines)
)

select * from final
