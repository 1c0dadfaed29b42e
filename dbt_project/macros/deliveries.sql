{# When a delivery is too short, said once: by the deliveries of its own dataset around it (rec_delivery_history).
   A list of stock changes slowly: a fifth less than usual, and less than ever, is short. Documents vary with the trade: a third less than
   usual, a tenth below the least, and further from the usual than chance goes: four standard deviations of a count (its root), since
   of 28 order lines a day 12 come on a quiet one, of 16 on a Sunday one. Five lists, or ten days of documents (so no weekends), to learn from. Set on 400
   clean days of the demo company and on the daily walk of `benchmarks clean_days` (November 2026). #}
{% macro is_short_delivery() -%}
    usual_deliveries >= case when contract in ('stock_on_hand', 'wms_stock') then 5 else 10 end
    and rows_in < least_rows * 0.9
    and rows_in < usual_rows * case when contract in ('stock_on_hand', 'wms_stock') then 0.8 else 0.66 end
    and (contract in ('stock_on_hand', 'wms_stock') or usual_rows - rows_in > 4 * sqrt(usual_rows))
{%- endmacro %}
