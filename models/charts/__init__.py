"""Chart rendering: one chart specification, renderers for SVG, PNG and plotly; only PNG needs more than numpy."""
