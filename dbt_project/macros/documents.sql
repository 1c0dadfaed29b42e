{# Which documents count, said once. #}

{# Only approved, posted and closed documents move the ledger. #}
{% macro is_effective(doc_status) -%}
    {{ doc_status }} in ('approved', 'posted', 'closed')
{%- endmacro %}

{# Place of a movement type within its day: inward before outward, so that a receipt of the day can serve an issue of the day. #}
{% macro movement_rank(movement_type) -%}
    case
        when {{ movement_type }} = 'opening' then 0
        when {{ movement_type }} in ('purchase_receipt', 'production_receipt', 'subcontract_receipt', 'other_in') then 1
        when {{ movement_type }} in ('sales_return', 'production_issue_return') then 2
        when {{ movement_type }} in ('transfer_out', 'status_change_out', 'conversion_out', 'consignment_transfer_out') then 3
        when {{ movement_type }} in ('transfer_in', 'status_change_in', 'conversion_in', 'consignment_transfer_in') then 4
        when {{ movement_type }} in ('adjustment_in', 'adjustment_out', 'count_gain', 'count_loss') then 6
        else 5
    end
{%- endmacro %}

{# Does the movement type consume stock for a customer, production or own use? Returns of such an issue belong to it. #}
{% macro is_demand_type(movement_type) -%}
    {{ movement_type }} in (
        'sales_issue', 'sales_return', 'production_issue', 'production_issue_return', 'subcontract_issue', 'internal_use'
    )
{%- endmacro %}

{# The sign that a movement type carries when it is not red: 1 in, -1 out. #}
{% macro movement_sign(movement_type) -%}
    case
        when {{ movement_type }} in (
            'purchase_receipt', 'sales_return', 'production_receipt', 'production_issue_return', 'subcontract_receipt', 'transfer_in',
            'count_gain', 'adjustment_in', 'status_change_in', 'conversion_in', 'consignment_transfer_in', 'other_in'
        ) then 1
        when {{ movement_type }} = 'opening' then 0
        else -1
    end
{%- endmacro %}
