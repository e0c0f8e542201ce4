"""The canonical rows of ServiceDesk Plus, read from rows as served; written from the fact sheet alone.

    devices  source_id name serial_number asset_tag platform type manufacturer model user_email
             status last_seen_at

Only what its product type calls a computer or a mobile is a device. A change of the record is no
check-in, so that last_seen_at stays empty.
"""

from typing import Any, Optional

KINDS = {"workstation": "unknown", "laptop": "laptop", "desktop": "desktop", "server": "server",
         "smart phone": "phone", "tablet": "tablet"}


def name_of(lookup: Optional[dict]) -> Optional[str]:
    return lookup["name"] if lookup else None


def kind(row: dict) -> Optional[str]:
    return KINDS.get((name_of(row["product_type"]) or "").strip().lower())


def device(row: dict) -> dict[str, Any]:
    user, product = row["user"], row["product"]
    return {
        "source_id": row["id"], "name": row["name"], "serial_number": row["serial_number"],
        "asset_tag": row["asset_tag"], "platform": "unknown", "type": kind(row),
        "manufacturer": product["manufacturer"], "model": product["name"],
        "user_email": user["email_id"].lower() if user else None, "status": name_of(row["state"]),
        "last_seen_at": None,
    }


def canonical_rows(assets: list[dict]) -> dict[str, list[dict]]:
    return {"devices": [device(row) for row in assets if kind(row)]}
