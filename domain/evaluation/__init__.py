"""Remember what evaluations measured."""
