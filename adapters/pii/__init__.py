"""Recognise personal values with the knowledge of libraries."""
