{#
  Tables and views as one `create or replace` in one transaction. dbt-duckdb's own materialisations build beside what is
  there, rename it away, rename the new one, and drop the old: four more statements, each with a macro context of its
  own (40 % of the CPU of a model here, 2026-11). Readers see the old relation until the commit either way.
  Hooks, contracts, grants, indexes, documentation and Python models work as in dbt's own. A project that has this one as
  a package takes them over with {% raw %}`{{ return(stockturn.materialization_table_duckdb()) }}`{% endraw %}.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing_relation is not none and (not existing_relation.is_table or language == 'python') %}
        {% do drop_relation_if_exists(existing_relation) %}
    {%- endif %}
    {% call statement('main', language=language) -%}
        {%- if language == 'python' -%}
            {{ py_write_table(temporary=False, relation=target_relation, compiled_code=compiled_code) }}
        {%- else -%}
            {{ stockturn.replace_table_as(target_relation, compiled_code) }}
        {%- endif -%}
    {%- endcall %}
    {% if config.get('indexes') %}{% do create_indexes(target_relation) %}{% endif %}
    {{ stockturn.finish_relation(existing_relation, target_relation) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb' %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing_relation is not none and not existing_relation.is_view %}
        {% do drop_relation_if_exists(existing_relation) %}
    {%- endif %}
    {% call statement('main') -%}
        {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
        {{ config.get('sql_header') or '' }}
        create or replace view {{ target_relation }} as (
        {{ sql }}
        );
    {%- endcall %}
    {{ stockturn.finish_relation(existing_relation, target_relation) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro replace_table_as(relation, compiled_code) -%}
    {%- set is_contracted = config.get('contract').enforced -%}
    {%- if is_contracted %}{{ get_assert_columns_equivalent(compiled_code) }}{% endif %}
    {{ config.get('sql_header') or '' }}
    create or replace table {{ relation }}
    {% if is_contracted -%}
        {{ get_table_columns_and_constraints() }};
        insert into {{ relation }} {{ get_column_names() }} (
        {{ get_select_subquery(compiled_code) }}
        );
    {%- else -%}
        as (
        {{ compiled_code }}
        );
    {%- endif %}
{%- endmacro %}


{% macro finish_relation(existing_relation, target_relation) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- set grant_config = config.get('grants') -%}
    {% if grant_config %}
        {% do apply_grants(target_relation, grant_config, should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) %}
    {% endif %}
    {% if config.persist_relation_docs() or config.persist_column_docs() %}{% do persist_docs(target_relation, model) %}{% endif %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
{% endmacro %}
