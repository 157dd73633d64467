"""What browser libraries ask for before they send anything."""

import json
from datetime import datetime


def segment_settings(key: str, base: str) -> bytes:
    """The settings of analytics-next: events go to this collector, nowhere else."""
    scheme, _, host = base.partition("://")
    return json.dumps(
        {
            "integrations": {
                "Segment.io": {
                    "apiKey": key,
                    "apiHost": f"{host}/v1",
                    "protocol": scheme,
                    "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
                    "unbundledIntegrations": [],
                    "addBundledMetadata": False,
                    "maybeBundledConfigIds": {},
                }
            },
            "plan": {
                "track": {"__default": {"enabled": True, "integrations": {}}},
                "identify": {"__default": {"enabled": True}},
                "group": {"__default": {"enabled": True}},
            },
            "edgeFunction": {},
            "analyticsNextEnabled": True,
            "middlewareSettings": {},
            "enabledMiddleware": {},
            "metrics": {"sampleRate": 0, "host": f"{host}/v1"},
            "legacyVideoPluginsEnabled": False,
            "remotePlugins": [],
        }
    ).encode()


def rudder_settings(key: str, source: str, *, enabled: bool, at: datetime) -> bytes:
    """The source config of RudderStack's libraries: no destination loads any script."""
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
    return json.dumps(
        {
            "source": {
                "config": {"statsCollection": {"errors": {"enabled": False},
                                               "metrics": {"enabled": False}}},
                "id": source,
                "name": source,
                "writeKey": key,
                "enabled": enabled,
                "workspaceId": "fullhouse",
                "createdAt": stamp,
                "updatedAt": stamp,
                "destinations": [],
                "connections": [],
                "sourceDefinition": {"name": "Javascript", "category": None},
                "dataplanes": {},
            },
            "updatedAt": stamp,
            "isHosted": True,
        }
    ).encode()  # fmt: skip
