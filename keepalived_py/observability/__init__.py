"""What an operator can see: logs, counters, dumps."""
