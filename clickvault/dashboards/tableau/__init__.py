"""The dashboards in Tableau."""
