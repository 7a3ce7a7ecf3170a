"""The UK's National Crime Agency: dissemination packages, outcome returns."""

from producers.uk_nca.adapter import ADAPTER

__all__ = ["ADAPTER"]
