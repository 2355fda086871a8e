"""Implement the ports, one folder for each outside thing."""
