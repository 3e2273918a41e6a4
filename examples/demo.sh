#!/bin/sh
# Gates three tool servers and checks that each gets the verdict that it should.
#
#   sh examples/demo.sh ZU TARGETS OUT
#
# ZU: the zu program. TARGETS: directory of programs with the servers of
# examples/servers/requirements.lock. OUT: directory for reports and logs.
# Exit code 0 only if all three verdicts are the expected ones.
set -u

if [ "$#" -ne 3 ]; then
    echo "usage: sh examples/demo.sh ZU TARGETS OUT" >&2
    exit 2
fi
zu=$1
targets=$2
out=$3
servers=$(dirname "$0")/servers
wrong=0
summary=

mkdir -p "$out" || exit 2
out=$(cd "$out" && pwd)

# An interrupt ends the whole demonstration; zu itself cleans up after it.
trap 'exit 130' INT
trap 'exit 143' TERM

# gate NAME EXPECTED-CODE EXPECTED-VERDICT COMMAND...
gate() {
    name=$1
    code=$2
    verdict=$3
    shift 3
    printf '\n== %s (expected: %s) ==\n' "$name" "$verdict"
    rm -rf "${out:?}/$name" "$out/$name.db" "$out/$name.db-wal" "$out/$name.db-shm"
    "$zu" test-plugin --report "$out/$name" --log "$out/$name.db" -- "$@"
    got=$?
    if [ "$got" -eq "$code" ]; then
        note="as expected"
    else
        note="NOT as expected"
        wrong=1
    fi
    summary="$summary$(printf '%-20s expected %s (exit code %s), got exit code %s: %s' \
        "$name" "$verdict" "$code" "$got" "$note")
"
}

gate mcp-server-time 0 PASS "$targets/mcp-server-time"
gate credential-thief 1 FAIL "$targets/python" "$servers/credential_thief.py"
gate shapeshifter 1 FAIL "$targets/python" "$servers/shapeshifter.py"

printf '\n== Verdicts ==\n%s\n== Reports ==\n' "$summary"
for report in "$out"/*/index.html; do
    if [ -f "$report" ]; then
        echo "$report"
    fi
done
exit "$wrong"
