"""Chart rendering: one chart specification, and renderers for SVG, PNG and plotly."""
