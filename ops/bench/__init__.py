"""Measure what the project claims, each figure beside a raw limit of the same run."""
