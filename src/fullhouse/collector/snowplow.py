"""Snowplow's tracker protocol as messages: the fields of `payload_data` 1-0-4."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

_PAGES = {"pv": "page", "pp": "page"}


def message_of(event: Mapping[str, Any]) -> bytes:
    """The message that an event of a Snowplow tracker is."""
    name, properties = _named(event)
    type_ = _PAGES.get(str(event.get("e")), "track" if name else "")
    library, _, version = str(event.get("tv") or "").rpartition("-")
    message: dict[str, Any] = {
        "type": type_,
        "messageId": event.get("eid"),
        "userId": event.get("uid"),
        "anonymousId": event.get("duid") or event.get("nuid") or event.get("tnuid"),
        "timestamp": _milliseconds(event.get("ttm") or event.get("dtm")),
        "sentAt": _milliseconds(event.get("stm")),
        "properties": properties,
        "context": {"library": {"name": f"snowplow-{library or 'tracker'}", "version": version}},
    }
    if type_ == "track":
        message["event"] = name
    elif type_ == "page":
        message["name"] = event.get("page") or "page"
    given = {k: v for k, v in message.items() if v not in (None, "")}
    return json.dumps(given).encode()


def _named(event: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The name and the properties: of an own schema, else of a structured event."""
    match event.get("e"):
        case "ue":
            inner = _self_describing(event)
            schema = str(inner.get("schema") or "")
            data = inner.get("data")
            parts = schema.removeprefix("iglu:").split("/")
            name = parts[1] if len(parts) > 1 else schema
            return name, data if isinstance(data, dict) else {}
        case "se":
            properties = {
                "category": event.get("se_ca"), "label": event.get("se_la"),
                "property": event.get("se_pr"), "value": event.get("se_va"),
            }  # fmt: skip
            # A film's id stands in the label, as in `trackStructEvent("film", "play", FILM)`.
            if event.get("se_la"):
                properties["film"] = event["se_la"]
            return str(event.get("se_ac") or ""), properties
        case "tr":
            return "Transaction", {"order_id": event.get("tr_id")}
        case "ti":
            return "Product Purchased", {
                "order_id": event.get("ti_id"), "product_id": event.get("ti_sk"),
                "name": event.get("ti_nm"), "category": event.get("ti_ca"),
                "price": event.get("ti_pr"), "quantity": event.get("ti_qu"),
                "currency": event.get("ti_cu"),
            }  # fmt: skip
        case _:
            return "", {}


def _self_describing(event: Mapping[str, Any]) -> dict[str, Any]:
    text = event.get("ue_pr")
    if not isinstance(text, str):
        packed = str(event.get("ue_px") or "")
        try:
            text = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return {}
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    inner = whole.get("data") if isinstance(whole, dict) else None
    return inner if isinstance(inner, dict) else {}


def _milliseconds(value: Any) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
