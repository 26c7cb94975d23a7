#!/bin/sh
# backup.sh DATA TARGET: copies tables and model files while the service goes on. Dump the database before, not after:
# what it refers to was written before it, so all of that is in the copy.
set -eu
data=$1 target=$2

pack() {
    name=$1
    shift
    find . -type f "$@" -print0 >"$target/$name.list"
    # A file that is removed or grows meanwhile is none that the database names: tar then ends with 1.
    tar --create --null --files-from="$target/$name.list" --file="$target/$name.tar" --ignore-failed-read || [ $? -eq 1 ]
    rm "$target/$name.list"
}

cd "$data"
# First the tables' logs, then what they name; the hint at the newest checkpoint can be done without.
pack logs -path './tables/*/_delta_log/*' ! -name _last_checkpoint
pack files \( -path './tables/*' -o -path './artifacts/*' \) ! -path '*/_delta_log/*' ! -path '*/.*'
