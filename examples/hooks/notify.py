"""Writes a line for each event. A real one sends it to where somebody reads it."""

import json
import sys

event = json.load(sys.stdin)
of = event.get("group", "master")
if "worker" in event:
    of += f".{event['worker']}"
with open("events.txt", "a") as f:
    print(event["at"], event["host"], of, event["event"], event.get("reason", ""), file=f)
