"""The KPI catalogue: every KPI defined once (catalogue.yml), and what is written from it for dbt and MetricFlow."""

from assets.publish.kpis.catalogue import Base, Kpi, KpiCatalogue, catalogue_with, kpi_catalogue

__all__ = ["Base", "Kpi", "KpiCatalogue", "catalogue_with", "kpi_catalogue"]
