"""REPORT: from journals to tables, plots and pages. Measures nothing, and prints nothing without a label."""
