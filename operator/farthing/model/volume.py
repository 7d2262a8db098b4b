"""C5: what volumes cost, and who mounts them when."""

import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.tables import VOLUME, nothing

DISK = {
    "start": "int64",
    "seconds": "float64",
    "volume_name": "string",
    "claim_namespace": "string",
    "claim": "string",
    "storage_class": "string",
    "provider": "string",
    "provider_id": "string",
    "rate_source": "string",
    "run_start": "float64",
    "run_end": "float64",
    "run_seconds": "float64",
    "pv_quantity": "float64",
    "pv_cost": "float64",
}


def disks(pace: ir.Table) -> ir.Table:
    """Each volume in each interval: columns ``DISK``, pv_quantity in B-s."""
    del pace
    return nothing(DISK)


def volumes(cluster: str, charged: ir.Table, disk: ir.Table) -> ir.Table:
    """What each container of ``charged`` is charged for each volume of ``disk``, columns ``tables.VOLUME``."""
    del cluster, charged, disk
    return nothing(VOLUME)


def disk_assets(cluster: str, disk: ir.Table) -> ir.Table:
    """Each of ``disk`` as an asset, columns ``tables.ASSET``."""
    return other_assets(disk.rename(name="volume_name"), cluster, "Disk", "Storage")
