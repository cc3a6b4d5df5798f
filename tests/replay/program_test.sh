#!/usr/bin/env bash
# `fovea replay` on the bundled session: the table, the files, and errors that say what is wrong.
# Usage: program_test.sh FOVEA FOVEA_REPLAY HISTORY
set -uo pipefail
fovea=$1 program=$2 history=$3
out=$(mktemp -d "${TMPDIR:-/tmp}/fovea-replay-test.XXXXXX")
trap 'rm -rf "$out"' EXIT
failed=0
check() {
  if ! eval "$2"; then
    echo "FAILED: $1"
    failed=1
  fi
}
# The program is looked for beside fovea, as both are installed.
mkdir "$out/bin"
ln -s "$fovea" "$out/bin/fovea"
ln -s "$program" "$out/bin/fovea-replay"
run() { "$out/bin/fovea" replay "$@" >"$out/stdout" 2>"$out/stderr"; }

run "$history" --budget 16k --csv "$out/rows.csv" --html "$out/page.html"
check "exit 0" "[ $? -eq 0 ]"
check "four strategies" "[ \$(grep -cE '^  (full history|truncation|masking|fovea) +[0-9]' '$out/stdout') -eq 4 ]"
check "the full history costs itself" "grep -qE '^  full history +1\.000' '$out/stdout'"
check "a row each in the CSV" "[ \$(wc -l <'$out/rows.csv') -eq 5 ]"
check "plots in the page" "[ \$(grep -o '<svg' '$out/page.html' | wc -l) -eq 3 ]"
check "the page loads nothing" "! grep -qE '(src|href)=' '$out/page.html'"
run "$history" --budget 16k --json
check "JSON" "grep -q '\"strategy\": \"fovea\"' '$out/stdout'"
run "$history" --budget 16k --readers "$(dirname "$0")/readers" --reader weak
check "a reader of one's own" "grep -q '^weak, budget 16000 tokens' '$out/stdout'"
check "against truncation" "grep -qE 'against truncation: cost [0-9.]+, copies ([0-9.]+|–), shown [0-9.]+ times' '$out/stdout'"
run "$history" --readers "$out/nowhere" && check "a missing folder fails" false
check "and is named" "grep -q -- '--readers .*nowhere' '$out/stderr'"
run "$out/missing" && check "a missing file fails" false
check "and is named" "grep -q 'missing' '$out/stderr'"
run "$history" --reader no-such-model && check "an unknown reader fails" false
check "and is named" "grep -q 'no-such-model' '$out/stderr'"
run "$history" --budget nan && check "a budget that is no number fails" false
check "with the limit" "grep -q -- '--budget nan: must be 1000' '$out/stderr'"
run "$history" --budget 0.065m --json
check "a budget of 0.065m is 65,000" "grep -q '\"budget\": 65000' '$out/stdout'"
run "$history" --policy no-such-policy
check "an unknown policy is a mistake" "[ $? -eq 2 ]"
for usage in "" "$history --no-such-option" "$history --csv" "$history --format nope"; do
  run $usage
  check "wrong usage is 2: $usage" "[ $? -eq 2 ]"
done
run "$history" --reader no-such-model
check "an unknown reader is one, too" "[ $? -eq 2 ]"
run "$out/missing"
check "a missing file is none" "[ $? -eq 1 ]"
cp "$history" "$out/mine.jsonl.gz"
run "$out/mine.jsonl.gz" --csv "$out/mine.jsonl.gz" && check "an input is no output" false
check "and is as it was" "cmp -s '$history' '$out/mine.jsonl.gz'"
mkdir -p "$out/folder/below"
cp "$history" "$out/folder/below/keep.jsonl.gz"
for output in --csv --html; do
  run "$out/folder" $output "$out/folder/below/keep.jsonl.gz"
  check "nor is one below a folder" "[ $? -eq 2 ] && cmp -s '$history' '$out/folder/below/keep.jsonl.gz'"
done
run "$out/folder" --budget 16k --csv "$out/folder/rows.csv" && run "$out/folder" --budget 16k --csv "$out/folder/rows.csv"
check "but another file there is" "[ $? -eq 0 ]"
printf '{"messages": [{"role": 7}]}\n' >"$out/folder/below/bad.jsonl"
run "$out/folder" --budget 16k
check "of a folder, what cannot be read is said" "[ $? -eq 1 ] && grep -q 'bad.jsonl' '$out/stderr' && grep -q '^  fovea ' '$out/stdout'"
run "$history" --budget 16k --budget 16000 --reader claude --reader claude --json
check "what is given twice counts once" "[ \$(grep -c '\"strategy\"' '$out/stdout') -eq 4 ]"
escape=$(printf '\033')
printf '{"session_id": "a\\u001b[31m\\nb", "turns": [{"role": "user", "text": "hi"}, {"role": "assistant", "text": "ho"}]}\n' >"$out/odd$escape[31m.jsonl"
for kind in "" --json "--csv -" "--html -"; do
  run "$out/odd$escape[31m.jsonl" --budget 16k $kind
  check "no codes of a terminal: $kind" "! grep -q '$escape' '$out/stdout' '$out/stderr' && grep -q 'a%1B\[31m%0Ab' '$out/stdout'"
done
run "$out/none$escape[31m" || check "nor in errors" "! grep -q '$escape' '$out/stderr' && grep -q '%1B' '$out/stderr'"
run "$history" --budget 1k --csv "$out/refused.csv" --html "$out/refused.html" --json
check "what was refused has no cost in any output" "grep -q ',fovea,,,,,,,' '$out/refused.csv' && grep -q '\"billed\": null' '$out/stdout' && grep -q '>no figure<' '$out/refused.html'"
run "$history" --csv "$out/both" --html "$out/both" && check "two outputs are two files" false
run "$history" --html "$out/no/such/folder/page.html" && check "a missing folder fails at once" false
check "and is named" "grep -q -- '--html .*no/such/folder/page.html: cannot be written' '$out/stderr'"
run "$history" --budget 16k --csv -
check "a dash is standard output" "cmp -s '$out/rows.csv' '$out/stdout'"
run "$history" --csv - --html - && check "which takes one of them" false
mkfifo "$out/fifo"
timeout 60 cat "$out/fifo" >"$out/through" &
run "$history" --budget 16k --csv "$out/fifo"
wait $!
check "a FIFO stays one" "[ -p '$out/fifo' ] && cmp -s '$out/rows.csv' '$out/through'"
"$out/bin/fovea" replay "$history" --budget 16k 2>"$out/stderr" | true
check "a reader who is gone is no error" "[ ! -s '$out/stderr' ]"
if "$out/bin/fovea" replay --help >/dev/full 2>"$out/stderr"; then check "nor is help, on a full disk" false; fi
if "$out/bin/fovea" replay "$history" --budget 16k >/dev/full 2>"$out/stderr"; then check "a full disk fails" false; fi
check "and is said" "grep -q 'standard output' '$out/stderr'"
run "$history" --budget 7 && check "a tiny budget fails" false
check "with the limit" "grep -q -- '--budget 7: must be 1000' '$out/stderr'"
echo '{"neither": "fish nor fowl"}' >"$out/odd.json"
run "$out/odd.json" && check "a file of no known kind fails" false
check "and is named" "grep -q 'odd.json' '$out/stderr'"
"$fovea" --help >"$out/help"
check "help lists it" "grep -q '^  replay ' '$out/help'"
exit $failed
