"""Grafana's dashboards, made from code: `python -m tests.dashboards` writes config/grafana/dashboards anew."""
