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
        arguments = params.get("arguments")
        text = arguments.get("text") if isinstance(arguments, dict) else None
        if not isinstance(text, str) or params.get("name") != "shout":
            return None
        return {"content": [{"type": "text", "text": text.upper()}], "isError": False}
    return None


def serve(mode):
    for line in sys.stdin:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if not isinstance(message, dict) or "id" not in message or mode == "silent":
            continue
        params = message.get("params")
        result = answer(message.get("method"), params if isinstance(params, dict) else {}, mode)
        reply = {"jsonrpc": "2.0", "id": message["id"]}
        if result is None:
            reply["error"] = {"code": -32602, "message": "no such method, tool or argument"}
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
