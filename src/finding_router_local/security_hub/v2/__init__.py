"""
Security Hub V2 ("AWS Security Hub"), whose findings are in OCSF and apart from those of CSPM.

moto 5.2.5 has none of its operations.
"""

from finding_router_local.security_hub.v2.store import IMPORTED_V2, FindingsV2

__all__ = ["IMPORTED_V2", "FindingsV2"]
