"""New Zealand's Department of Internal Affairs: the register of open investigations, referrals."""

from producers.nz_internal_affairs.adapter import ADAPTER

__all__ = ["ADAPTER"]
