"""New Zealand Police (OCEANZ): CyberTips as police receive them, providers' XML, welfare and outcome returns."""

from producers.nz_police.adapter import ADAPTER

__all__ = ["ADAPTER"]
