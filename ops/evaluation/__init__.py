"""Measure what is claimed, on public data or on small cases that are shipped: `reprise eval`.

A suite is a module of its own: it loads its cases, runs them, grades what came out and returns its figures.
"""
