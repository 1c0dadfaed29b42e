-- Days of which a file brought only a part: far more documents of the day than usual are known to one system and lack in the other.
-- Asked both ways: shipments and receipts that the ledger lacks (its file was cut), documents that the ledger has posted and the
-- system that handled the goods does not show (that system's file was cut).
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

movements as (
    select * from {{ ref('int_stock_movements') }}
),

receipt_lines as (
    select * from {{ ref('stg_purchase_receipt_lines') }}
),

shipment_lines as (
    select * from {{ ref('stg_sales_shipment_lines') }}
),

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
        (sum(lacking_lines) over company - lacking_lines + 1.0) / (sum(day_lines) over company - day_lines + 2.0) as usual_rate
    from counted
    window company as (partition by contract, company_code)
),

-- Evidence in bits: two binomials against one. 20 bits, because every day is asked: chance at most one day in a million.
cut_days as (
    select
        contract,
        company_code,
        cut_date,
        day_lines,
        lacking_lines
    from usual
    where
        lacking_lines >= 3
        and lacking_rate < 1
        and lacking_rate > 2 * usual_rate
        and lacking_lines * log2(lacking_rate / usual_rate)
        + (day_lines - lacking_lines) * log2((1 - lacking_rate) / (1 - usual_rate)) >= 20
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
            and ledger_book.snapshot_date >= lines.cut_date
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

-- The file that brought most of what there is of the day.
day_files as (
    select
        contract,
        company_code,
        cut_date,
        source_instance,
        source_file,
        row_number() over (
            partition by contract, company_code, cut_date
            order by count(*) desc, source_file asc
        ) as preference
    from (
        select
            'stock_movement' as contract,
            split_part(item_id, '/', 1) as company_code,
            business_date as cut_date,
            source_instance,
            source_file
        from movements
        union all
        select
            'sales_shipment_line' as contract,
            company_code,
            shipment_date as cut_date,
            source_instance,
            source_file
        from shipment_lines
        union all
        select
            'purchase_receipt_line' as contract,
            company_code,
            receipt_date as cut_date,
            source_instance,
            source_file
        from receipt_lines
    ) as brought
    group by contract, company_code, cut_date, source_instance, source_file
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
            and day_files.preference = 1
    left join posted on cut_days.company_code = posted.company_code and cut_days.cut_date = posted.cut_date
    left join missing_days
        on cut_days.company_code = missing_days.company_code and cut_days.cut_date = missing_days.missing_date
    where
        missing_days.missing_date is null
        and (cut_days.contract <> 'stock_movement' or posted.posted_lines * 2 >= cut_days.lacking_lines)
)

select * from final
