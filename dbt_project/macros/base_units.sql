{#
    Quantities that a document states in another unit alone: one home for how they become base units (contract `item_uom`). Where the document
    has its base quantity, that counts; where the two disagree, the finding unit_factor_mismatch says so.
#}

{# Factor of each item and unit: base units = entered x numerator / denominator. A floating unit has none, nor one on which sources disagree. #}
{% macro item_unit_factors() -%}
    select
        item_id,
        uom_code,
        max(numerator) as numerator,
        max(denominator) as denominator
    from {{ ref('stg_item_uoms') }}
    where not is_floating and numerator > 0 and denominator > 0
    group by item_id, uom_code
    having min(numerator) = max(numerator) and min(denominator) = max(denominator)
{%- endmacro %}

{# Landed rows with what was entered in base units, where `quantity` is empty; null where no master has the unit. #}
{% macro with_base_units(relation, quantity) -%}
    select
        {{ relation }}.*,
        coalesce(
            case when {{ relation }}.entered_uom = bases.base_uom then {{ relation }}.entered_units end,
            cast(round(cast({{ relation }}.entered_units as double) * factors.numerator / factors.denominator, 6) as decimal(28, 6))
        ) as entered_base_units
    from {{ relation }}
    left join ({{ item_unit_factors() }}) as factors
        on
            {{ relation }}.{{ quantity }} is null
            and {{ item_key(relation ~ '.company_code', relation ~ '.item_code') }} = factors.item_id
            and {{ relation }}.entered_uom = factors.uom_code
    left join (
        select
            item_id,
            min(base_uom) as base_uom
        from {{ ref('stg_items') }}
        group by item_id
        having count(distinct base_uom) = 1
    ) as bases
        on {{ relation }}.{{ quantity }} is null and {{ item_key(relation ~ '.company_code', relation ~ '.item_code') }} = bases.item_id
{%- endmacro %}
