"""The dashboards in Metabase."""
