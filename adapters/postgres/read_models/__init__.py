"""Keep read models in Postgres: write them, build them anew, read what is due from them."""
