-- A check of your own: rows that it finds are reported with the run. `warn` lets the release go out.
{{ config(severity='warn') }}

select warehouse_id, dead_stock_value, inventory_value
from {{ ref('fct_warehouse_stock') }}
where dead_stock_value > 0.5 * inventory_value
