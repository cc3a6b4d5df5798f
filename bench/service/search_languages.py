#!/usr/bin/env python3
"""Searches a store of 100,000 turns for stretches that are cut out of the middle of texts in twelve languages.

    venv=$(scripts/install-client-packages.sh python); clients/generate.sh python
    PYTHONPATH=clients/python/src "$venv/bin/python" bench/service/search_languages.py --bin build/release/bin

Prints how many of 60 queries find their turn, and the median, the 90th percentile and the longest of the times that
SearchTurns takes over a socket. The texts are those of ../shared/data: xquad's paragraphs in their own sessions, and
one session that holds all of them among the turns of other histories.
"""
import argparse
import gzip
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import fovea

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT.parent / "shared" / "data"


def sessions(name: str) -> list[dict]:
    with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def stretch(text: str, dense: bool, rng: random.Random) -> str:
    length = rng.randint(2, 7) if dense else rng.randint(8, 31)
    begin = rng.randint(len(text) // 4, max(len(text) // 4, 3 * len(text) // 4 - length))
    return text[begin : begin + length].strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    if not DATA.is_dir():
        print("SKIPPED: the shared histories are not here")
        return 0

    texts = [
        (session["lang"], turn["text"])
        for session in sessions("multilingual/xquad.jsonl.gz")
        for turn in session["turns"]
        if len(turn["text"]) >= 60
    ]
    filler = [
        turn["text"][:2000]
        for name in ("deepswe", "pi", "swe-smith", "tau-airline")
        for session in sessions(f"trajectories/{name}.jsonl.gz")
        for turn in session["turns"]
        if turn.get("text")
    ]
    # Spread over the whole session, as what is old is searched for, too.
    turns: list[str] = [f"{i} {filler[i % len(filler)]}" for i in range(arguments.turns - len(texts))]
    places = sorted(rng.sample(range(arguments.turns), len(texts)))
    for place, (_, text) in zip(places, texts):
        turns.insert(place, text)

    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [arguments.bin / "fovead", "--data", f"{folder}/data", "--listen", f"unix:{folder}/socket"],
            stdout=subprocess.PIPE,
        )
        try:
            assert server.stdout is not None
            server.stdout.readline()
            with fovea.Fovea.connect(f"unix:{folder}/socket") as client:
                session = client.session("languages")
                started = time.monotonic()
                for begin in range(0, len(turns), 500):
                    session.append([{"role": "user", "content": text} for text in turns[begin : begin + 500]])
                session.search("warm")  # waits for the index
                print(f"{len(turns)} turns appended and indexed in {time.monotonic() - started:.1f} s")
                languages = sorted({language for language, _ in texts})
                found = 0
                milliseconds = []
                for i in range(arguments.queries):
                    language = languages[i % len(languages)]
                    dense = language in ("zh", "th")
                    query = ""
                    while len(query) < (2 if dense else 6) or (dense and any(letter.isascii() for letter in query)):
                        index = rng.choice([n for n, (one, _) in enumerate(texts) if one == language])
                        query = stretch(texts[index][1], dense, rng)
                    started = time.monotonic()
                    hits = session.search(query, limit=200)
                    milliseconds.append(1000 * (time.monotonic() - started))
                    among = places[index] + 1 in [hit.seq for hit in hits]
                    found += among
                    if not among:
                        print(f"not found: {language} {query!r}, {len(hits)} hits")
                milliseconds.sort()
                print(
                    f"{found} of {arguments.queries} found in {len(languages)} languages; p50 "
                    f"{statistics.median(milliseconds):.1f} ms, p90 {milliseconds[len(milliseconds) * 9 // 10]:.1f} ms, "
                    f"longest {milliseconds[-1]:.1f} ms"
                )
                return 0 if found == arguments.queries else 1
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
