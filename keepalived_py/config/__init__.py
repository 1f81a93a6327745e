"""The configuration language: text to a typed, frozen model."""
