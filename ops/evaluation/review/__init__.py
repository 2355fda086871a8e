"""Measure the review by code: faults made on purpose in claims that were right, each beside its correct twin."""

from ops.evaluation.review.suite import SUITE

__all__ = ["SUITE"]
