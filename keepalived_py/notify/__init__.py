"""How state changes are told to the outside."""
