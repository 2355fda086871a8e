"""Hold every rule of Reprise as pure functions over frozen data: no clock, no randomness, no I/O."""
