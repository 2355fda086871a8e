"""Thin edges over HTTP: they translate, and decide nothing."""
