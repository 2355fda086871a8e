"""Publish the form of everything that is stored and exchanged, as JSON Schema (2020-12), and hold on to it."""
