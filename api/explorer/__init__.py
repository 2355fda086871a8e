"""Show sessions in a browser: one page, served from here, that asks nobody else for anything."""
