{# Spells of the ABC-XYZ classes without a gap: what came before the first known class had that one, so that a past snapshot is judged
   by the class of then and never by today's. #}
{% macro class_spells(relation) -%}
    select
        item_id,
        warehouse_id,
        abc_class,
        abc_xyz_cell,
        case
            when lag(valid_from_date) over spells is null then cast('0001-01-01' as date)
            else valid_from_date
        end as spell_from_date,
        coalesce(
            {{ add_days('lead(valid_from_date) over spells', -1) }}, cast('9999-12-31' as date)
        ) as spell_to_date
    from {{ relation }}
    window spells as (partition by item_id, warehouse_id order by valid_from_date)
{%- endmacro %}
