#!/usr/bin/env bash
# Queries whose state does not fit: the answer must be that of a run without a limit, the peak must stay near the limit, and a hard limit of
# the kernel a little above it must never strike.
#
# usage: benches/memory.sh FOLDER [LIMIT_MIB:FACTOR ...]
#        default: 64:10 64:30 64:100 256:10 256:30 1024:10, that is data of FACTOR times the limit; up to 30 GB of disk
#
# Each line of FOLDER/memory.tsv is one run: limit, factor, threads, query, seconds, peak resident MiB, spilled MiB, answer (same or different,
# or why there is none) and control group (held, killed, or none where the system lets us make none). What is in the file is not run again, so a
# stopped script goes on where it was; to repeat a run, delete its line. FOLDER/expected.tsv keeps the answers of the runs without a limit; the
# queries are in memory.txt beside the script.
# FRAME names the binary; CGROUP a folder below /sys/fs/cgroup in which control groups with a memory limit can be made (else the script's own);
# KEEP=1 leaves the data of a step in FOLDER.
#
# The promise: peaks of 1.25 times the limit below 256 MiB, 1.10 below 1 GiB, 1.05 from there on; and 1.3 times the limit for the control group.
set -euo pipefail
folder=${1:?a folder for data and results}; shift
frame=$(realpath "${FRAME:-target/release/frame}")
queries=$(realpath "$(dirname "$0")/memory.txt")
mkdir -p "$folder"; cd "$folder"
touch memory.tsv expected.tsv
steps=("$@"); [ ${#steps[@]} -gt 0 ] || steps=(64:10 64:30 64:100 256:10 256:30 1024:10)

# A figure of the report: the first of its name, as those that were predicted come behind what came of them.
field() { grep -o "\"$1\":[0-9.]*" report.json | head -1 | cut -d: -f2; }

# Makes a control group in the folder of ours and prints where it is; nothing if that cannot be.
new_group() {
  local parent=${CGROUP:-} version=memory.max
  if [ -z "$parent" ]; then
    parent=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print "/sys/fs/cgroup/memory" $3 }' /proc/self/cgroup 2> /dev/null || true)
    [ -n "$parent" ] || parent=$(awk -F: '$1 == 0 { print "/sys/fs/cgroup" $3 }' /proc/self/cgroup 2> /dev/null || true)
  fi
  local group=$parent/frame-memory-$$
  mkdir "$group" 2> /dev/null || return 0
  [ -e "$group/$version" ] || version=memory.limit_in_bytes
  if echo "$1" 2> /dev/null > "$group/$version"; then echo "$group"; else rmdir "$group"; fi
}

# Takes a control group away, when nobody is in it any more.
end_group() {
  [ -z "$group" ] || rmdir "$group" 2> /dev/null || { sleep 1; rmdir "$group"; }
  group=
}
group=
trap end_group EXIT

# Runs a query in a control group (or in none): its status, and the hash of its answer and of the file that it writes, if any.
run() {
  local group=$1; shift
  rm -f written.* report.json
  status=0
  hash=$( { [ -z "$group" ] || echo "$BASHPID" > "$group/cgroup.procs"; exec timeout 1800 "$frame" query "$@" 2> stderr.txt; } | sha256sum) || status=$?
  hash=${hash%% *}
  for written in written.*; do [ ! -e "$written" ] || hash=$hash+$(sha256sum < "$written" | head -c 64); done
}

expected_answer() { awk -F'\t' -v size="$1" -v query="$2" '$1 == size && $2 == query { print $3 }' expected.tsv; }

for step in "${steps[@]}"; do
  limit=${step%:*}; factor=${step#*:}; size=$((limit * factor))
  while IFS=' ' read -r largest query; do
    case $largest in '#'* | '') continue ;; esac
    [ "$size" -le "$largest" ] || continue
    for threads in 1 2; do
      key="$limit	$factor	$threads	$query"
      grep -qF "$key	" memory.tsv && continue
      if [ ! -e "data-$size.done" ]; then
        rm -f data.csv side.parquet data-*.done
        "$frame" generate data.csv --size "${size}M"
        "$frame" generate side.parquet --size "$((size / 4))M" --seed 7
        touch "data-$size.done"
      fi
      expected=$(expected_answer "$size" "$query")
      if [ -z "$expected" ]; then
        run "" --spill-dir . "$query" data.csv
        [ $status -eq 0 ] || { echo "without a limit: $query" >&2; cat stderr.txt >&2; exit 1; }
        expected=$hash
        printf '%s\t%s\t%s\n' "$size" "$query" "$expected" >> expected.tsv
      fi
      group=$(new_group $((limit * 1048576 * 13 / 10)))
      run "$group" -j "$threads" --memory "${limit}M" --spill-dir . --report report.json "$query" data.csv
      held=none
      if [ -n "$group" ]; then
        held=held
        grep -qs '^oom_kill [1-9]' "$group/memory.oom_control" "$group/memory.events" && held=killed
        end_group
      fi
      if [ $status -eq 0 ]; then
        same=different; [ "$hash" = "$expected" ] && same=same
        awk -v key="$key" -v s="$(field elapsed_seconds)" -v m="$(field peak_resident_bytes)" -v d="$(field spilled_bytes)" -v same="$same" -v held="$held" \
          'BEGIN { printf "%s\t%.1f\t%.0f\t%.0f\t%s\t%s\n", key, s, m / 1048576, d / 1048576, same, held }' >> memory.tsv
      else
        printf '%s\t-\t-\t-\t%s\t%s\n' "$key" "status $status: $(head -1 stderr.txt)" "$held" >> memory.tsv
      fi
    done
  done < "$queries"
  [ -n "${KEEP:-}" ] || rm -f data.csv side.parquet data-*.done written.*
done

awk -F'\t' '
  function promised(limit) { return limit * (limit < 256 ? 1.25 : limit < 1024 ? 1.10 : 1.05) }
  { runs[$1]++; if ($6 + 0 > peak[$1] + 0) peak[$1] = $6; if ($9 == "none") loose++ }
  $8 != "same" || $9 == "killed" || $6 + 0 > promised($1) { print; bad++ }
  END {
    for (limit in runs) printf "%d MiB: %d runs, peak %d MiB (%.2f times)\n", limit, runs[limit], peak[limit], peak[limit] / limit
    print NR " runs, " bad + 0 " outside the promise" (loose ? "; " loose " without a control group" : "")
  }' memory.tsv
