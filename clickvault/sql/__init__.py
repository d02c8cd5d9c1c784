"""SQL that is generated: rendering, the objects that it makes, headers and parameters of templates."""
