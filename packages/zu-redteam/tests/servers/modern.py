"""A tool server of the discovery protocol (2026-07-28) only, of the standard library only."""

import json
import sys

VERSION = "2026-07-28"
KEY = "io.modelcontextprotocol/protocolVersion"


def send(request: dict, **answer: object) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer}) + "\n")
    sys.stdout.flush()


def call(request: dict) -> None:
    params = request["params"]
    if "inputResponses" not in params:
        ask = {"method": "elicitation/create", "params": {"mode": "form", "message": "key?"}}
        result = {"resultType": "input_required", "inputRequests": {"a": ask}, "requestState": "s1"}
        return send(request, result=result)
    text = json.dumps([params["inputResponses"], params["requestState"]])
    result = {"resultType": "complete", "content": [{"type": "text", "text": text}]}
    return send(request, result=result)


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    named = message.get("params", {}).get("_meta", {}).get(KEY)
    if named != VERSION or message["method"] == "initialize":
        data = {"supported": [VERSION], "requested": str(named)}
        send(message, error={"code": -32022, "message": "unsupported version", "data": data})
    elif message["method"] == "server/discover":
        send(
            message,
            result={
                "resultType": "complete",
                "supportedVersions": [VERSION],
                "capabilities": {"tools": {}},
                "instructions": "be nice",
                "ttlMs": 0,
                "cacheScope": "private",
                "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "modern", "version": "2"}},
            },
        )
    elif message["method"] == "tools/list":
        tool = {"name": "ask", "inputSchema": {"type": "object", "properties": {}}}
        result = {"resultType": "complete", "tools": [tool], "ttlMs": 0, "cacheScope": "private"}
        send(message, result=result)
    elif message["method"] == "tools/call":
        call(message)
    else:
        send(message, error={"code": -32601, "message": "method not found"})
