"""Compose the parts and operate them: the command line, settings, jobs, benchmarks and samples."""
