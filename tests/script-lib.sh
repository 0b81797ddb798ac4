# lib.sh - sourced by the test scripts: expect NAME PATTERN COMMAND..., finish.
passed=0 failed=0
expect() { # NAME STATUS PATTERN COMMAND...: the command's output has the pattern (grep -E), its status is STATUS
    local name=$1 status=$2 pattern=$3 got code=0
    shift 3
    got=$("$@" 2>&1) || code=$?
    if [ "$code" = "$status" ] && grep -qE -- "$pattern" <<<"$got"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED  %s: status %s (not %s?), no /%s/ in:\n%s\n' "$name" "$code" "$status" "$pattern" "$(head -c 2000 <<<"$got")"
    fi
}
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
