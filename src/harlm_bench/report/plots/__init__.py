"""PLOTS: one module for each, drawn as SVG by hand. Colours come from the page that they stand in."""
