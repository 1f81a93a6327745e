"""The typed model: one field per keyword."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration, checked and frozen; equality is what reload compares."""
