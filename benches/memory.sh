#!/usr/bin/env bash
# Queries whose state does not fit: the answer must be that of a run without a limit, and the process must stay within the limit.
#
# usage: benches/memory.sh FOLDER [LIMIT_MIB:FACTOR ...]      (default: 64:10 64:30 256:10; data of FACTOR times the limit)
#
# Each line of FOLDER/memory.tsv is one run: limit, factor, threads, query, seconds, peak resident MiB, spilled MiB, and whether the answer
# was the same. What is in the file is not run again, so a stopped script goes on where it was. FRAME names the binary.
set -euo pipefail
folder=${1:?a folder for data and results}; shift
frame=${FRAME:-target/release/frame}
results=$folder/memory.tsv
mkdir -p "$folder"; touch "$results"
steps=("$@"); [ ${#steps[@]} -gt 0 ] || steps=(64:10 64:30 256:10)
queries=(
  "sort value"
  "sort category, -ts | select id, category, ts"
  "groupby id sum value as s, count as n"
  "groupby id mean value as m | unordered | agg count as n, sum m as s"
  "groupby note count as n, max value as m"
  "groupby category median value as m, nunique id as n"
  "distinct ts, category"
  "sort note, id | groupby category first id as f, last id as l"
)
field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$2"; }
for step in "${steps[@]}"; do
  limit=${step%:*}; factor=${step#*:}
  data=$folder/data-$((limit * factor)).csv
  [ -e "$data" ] || "$frame" generate "$data" --size "$((limit * factor))M"
  for query in "${queries[@]}"; do
    expected=
    for threads in 1 2; do
      key="$limit	$factor	$threads	$query"
      grep -qF "$key	" "$results" && continue
      [ -n "$expected" ] || expected=$("$frame" query "$query" "$data" | sha256sum)
      report=$folder/report.json; rm -f "$report"
      answer=$("$frame" query -j "$threads" --memory "${limit}M" --spill-dir "$folder" --report "$report" "$query" "$data" 2> "$folder/stderr.txt" | sha256sum) || true
      if [ ! -e "$report" ]; then
        printf '%s\t-\t-\t-\t%s\n' "$key" "$(head -1 "$folder/stderr.txt")" >> "$results"
        continue
      fi
      same=different; [ "$answer" = "$expected" ] && same=same
      awk -v key="$key" -v s="$(field elapsed_seconds "$report")" -v m="$(field peak_resident_bytes "$report")" -v d="$(field spilled_bytes "$report")" \
        -v same="$same" 'BEGIN { printf "%s\t%.1f\t%.0f\t%.0f\t%s\n", key, s, m / 1048576, d / 1048576, same }' >> "$results"
    done
  done
done
awk -F'\t' '{ print } $8 != "same" || $6 > $1 * ($1 <= 64 ? 1.25 : $1 <= 256 ? 1.10 : 1.05) { bad++ } END { print NR " runs, " bad + 0 " outside the promise" }' "$results"
