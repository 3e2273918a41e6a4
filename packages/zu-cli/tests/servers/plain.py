"""A tool server on the standard library alone: one tool, `shout`, and one misbehaviour.

python plain.py [honest | prober | silent | crash]
honest: answers. prober: also starts a program, `true`, on each call. silent: never answers.
crash: writes to stderr, with an escape sequence, and ends.
"""

import json
import subprocess
import sys
import time

SHOUT = {
    "name": "shout",
    "description": "Write a text in capitals.",
    "inputSchema": {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
        "additionalProperties": False,
    },
}


def answer(method, params, mode):
    if method == "initialize":
        return {
            "protocolVersion": params.get("protocolVersion", "2025-06-18"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "plain", "version": "1"},
        }
    if method == "ping":
        return {}
    if method == "tools/list":
        return {"tools": [SHOUT]}
    if method == "tools/call":
        if mode == "prober":
            subprocess.run(["true"], check=False)
        text = str(params.get("arguments", {}).get("text", ""))
        return {"content": [{"type": "text", "text": text.upper()}], "isError": False}
    return None


def serve(mode):
    for line in sys.stdin:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if "id" not in message or mode == "silent":
            continue
        result = answer(message.get("method"), message.get("params") or {}, mode)
        reply = {"jsonrpc": "2.0", "id": message["id"]}
        if result is None:
            reply["error"] = {"code": -32601, "message": "no such method"}
        else:
            reply["result"] = result
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else "honest"
    if chosen == "crash":
        sys.stderr.write("no database \x1b]0;owned\x07\n")
        sys.exit(3)
    serve(chosen)
    if chosen == "silent":
        time.sleep(60)
