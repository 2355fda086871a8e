"""Keep the log, blobs and read models in Postgres."""
