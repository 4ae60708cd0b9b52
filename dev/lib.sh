# Shared by ./test, .ci/run and the other scripts here. To be sourced by bash.

# A person sees at once which step runs and when it began; the summary repeats how long each took.
heading() {
    printf '\n=== %s  [%s]\n' "$1" "$(clock "$SECONDS")"
}

clock() {
    printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# die EXIT_CODE MESSAGE...
die() {
    local code=$1
    shift
    printf 'error: %s\n' "$@" >&2
    exit "$code"
}

# Prints the bin directory of the newest PostgreSQL that is at least 15, or nothing.
postgres_bin() {
    local candidate major best='' best_major=14
    for candidate in /usr/lib/postgresql/*/bin/postgres "$(command -v postgres || true)"; do
        [[ -x $candidate && -x ${candidate%/*}/initdb ]] || continue
        major=$("$candidate" --version | sed -n 's/^[^0-9]*\([0-9]\{1,\}\).*/\1/p')
        if [[ -n $major ]] && ((major > best_major)); then
            best=${candidate%/*} best_major=$major
        fi
    done
    printf '%s' "$best"
}

# True if python3 can make a virtual environment with pip in it.
python_has_venv() {
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null
}

# True if this node can load the vendor's SDK: it is CommonJS and requires an ES module, which Node does since 20.19.
node_is_recent() {
    "$1" -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1);
    ' 2>/dev/null
}
