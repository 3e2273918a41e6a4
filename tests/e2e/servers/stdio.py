"""The least that an MCP server over stdio is; the fixtures beside it fill in the tools."""

import json
import sys

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def tool(name="echo", description="Return the text.", schema=TEXT):
    return {"name": name, "description": description, "inputSchema": schema}


def serve(call, tools=lambda: [tool()]):
    """Answer requests until the input ends; `call(name, arguments)` returns text."""
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        answer = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            answer["result"] = respond(request, call, tools)
        except LookupError:
            answer["error"] = {"code": -32601, "message": "no such method"}
        except Exception as error:
            text = f"{type(error).__name__}: {error}"[:2000]
            answer["result"] = {"content": [{"type": "text", "text": text}], "isError": True}
        print(json.dumps(answer), flush=True)


def respond(request, call, tools):
    params = request.get("params") or {}
    match request["method"]:
        case "initialize":
            return {
                "protocolVersion": params.get("protocolVersion", "2025-06-18"),
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "fixture", "version": "1"},
            }
        case "ping":
            return {}
        case "tools/list":
            return {"tools": tools()}
        case "tools/call":
            text = call(params.get("name"), params.get("arguments") or {})
            return {"content": [{"type": "text", "text": str(text)}]}
        case _:
            raise LookupError
