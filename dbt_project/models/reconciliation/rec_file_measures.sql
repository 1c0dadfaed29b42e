-- One row per line of a recent file and measure, beside what is usual for its item in such documents: the input of rec_file_errors.
-- Amounts are compared by ratio, spans of days by difference. Goods that come in have their item's shelf life; of goods that were there
-- the days left depend on how long they lay, so there an expiry date is compared with the others of its lot. other_value is the figure
-- that the line would have if two columns, or day and month, were swapped. Files of the last 62 days are compared, by all that the
-- landing holds.
{%- set receipts = "movement_type in ('purchase_receipt', 'subcontract_receipt', 'production_receipt')" %}
{%- set documents = [
    ('sales_order_line', 'stg_sales_order_lines', [
        ('ordered_units', 'ordered_units', 'unit_price'),
        ('unit_price', 'unit_price', 'ordered_units'),
    ], [('requested_date', 'order_date', 'true'), ('promised_date', 'order_date', 'true')]),
    ('purchase_order_line', 'stg_purchase_order_lines', [
        ('ordered_units', 'ordered_units', 'unit_price'),
        ('unit_price', 'unit_price', 'ordered_units'),
    ], [('due_date', 'order_date', 'true')]),
    ('sales_shipment_line', 'stg_sales_shipment_lines', [
        ('shipped_units', 'shipped_units', none),
        ('unit_revenue', 'revenue_value / nullif(shipped_units, 0)', none),
    ], []),
    ('purchase_receipt_line', 'stg_purchase_receipt_lines', [
        ('received_units', 'received_units', 'unit_cost'),
        ('unit_cost', 'unit_cost', 'received_units'),
    ], []),
    ('stock_movement', 'stg_stock_movements', [('unit_cost', 'unit_cost', none)], [
        ('expiry_date', 'business_date', receipts), ('expiry_date', none, 'not ' ~ receipts),
    ]),
    ('wms_stock', 'stg_wms_stock', [], [('expiry_date', none, 'true')]),
    ('stock_on_hand', 'stg_stock_on_hand', [('unit_cost', 'unit_cost', none)], [('expiry_date', none, 'true')]),
] %}

with run_parameters as (
    select * from {{ source('control', 'run_parameters') }}
),

measured as (
    {% for contract, model, amounts, spans in documents %}
        {% set subject = "item_id" %}
        {% for measure, value, other in amounts %}
            select
                '{{ contract }}' as contract,
                source_instance,
                source_file,
                extract_date,
                source_row,
                '{{ measure }}' as measure,
                'amount' as kind,
                'item' as compared_by,
                {{ subject }}{% if contract == 'stock_movement' %} || '|' || movement_type{% endif %} as subject,
                cast({{ value }} as double) as value,
                cast({{ other or 'null' }} as double) as other_value
            from {{ ref(model) }}
            where {{ value }} <> 0
            union all
        {% endfor %}
        {% for measure, start, applies in spans %}
            select
                '{{ contract }}' as contract,
                source_instance,
                source_file,
                extract_date,
                source_row,
                '{{ measure }}' as measure,
                'days' as kind,
                '{{ 'lot' if start is none else 'item' }}' as compared_by,
                {{ subject }}
                {%- if start is none %} || '|' || lot_no{% elif contract == 'stock_movement' %} || '|' || movement_type{% endif %} as subject,
                cast({{ days_between(start or "date '2000-01-01'", measure) }} as double) as value,
                cast({{ days_between(start or "date '2000-01-01'", swapped_date(measure)) }} as double) as other_value
            from {{ ref(model) }}
            where {{ measure }} is not null and {{ applies }}{{ " and coalesce(lot_no, '') <> ''" if start is none }}
            {{ 'union all' if not (loop.last and contract == 'stock_on_hand') }}
        {% endfor %}
    {% endfor %}
),

usual as (
    select
        contract,
        measure,
        compared_by,
        subject,
        median(value) as usual_value,
        count(*) as known_rows
    from measured
    group by contract, measure, compared_by, subject
),

own as (
    select
        contract,
        measure,
        compared_by,
        subject,
        source_file,
        count(*) as own_rows
    from measured
    group by contract, measure, compared_by, subject, source_file
),

final as (
    select
        measured.contract,
        measured.source_instance,
        measured.source_file,
        measured.extract_date,
        measured.source_row,
        measured.measure,
        measured.kind,
        measured.compared_by,
        measured.value,
        usual.usual_value,
        measured.other_value,
        usual.known_rows,
        own.own_rows
    from measured
    cross join run_parameters
    inner join usual
        on
            measured.contract = usual.contract
            and measured.measure = usual.measure
            and measured.compared_by = usual.compared_by
            and measured.subject = usual.subject
    inner join own
        on
            measured.contract = own.contract
            and measured.measure = own.measure
            and measured.compared_by = own.compared_by
            and measured.subject = own.subject
            and measured.source_file = own.source_file
    where measured.extract_date > {{ add_days('run_parameters.as_of_date', '-62') }}
)

select * from final
