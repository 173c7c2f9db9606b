"""Rust and PyTorch on the same model, in turns, so that what else the machine does hits both.

Usage: compare.py --rust-bin PATH --checkpoint RUN [--rounds R] [--seconds S] [--threads N] [--json OUT]
                  [--unlock-mkl] [--bf16]

Each round runs, one after the other: training in Rust, training in PyTorch, stepping in Rust, stepping in PyTorch.
Every run is a process of its own that prints one JSON object as its last line:

    {"measurements": [{"name": "train-trunk", "seconds": 0.3, "gflop": 73.1}, ...],
     "ceiling": {"gflop_per_sec": 300, "gb_per_sec": 20}}

`seconds` is the median of one call: a training step, or a step of all lanes (`step-64`) with decoded frames.
`gflop` and `ceiling` come from Rust; the share of the ceiling is of its best round.
With --unlock-mkl, PyTorch runs twice: as it is, and with the AVX-512 that its MKL withholds from AMD processors
(needs `cc`); with --bf16 once more with products in bfloat16.
"""

import argparse
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
TRAINING = "{bin} training --checkpoint {checkpoint} --seconds {seconds} --json"
STEPPING = "{bin} stepping --checkpoint {checkpoint} --lanes {lanes} --seconds {seconds} --json"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rust-bin", required=True)
    parser.add_argument("--rust-training", default=TRAINING, help="command line of the Rust side")
    parser.add_argument("--rust-stepping", default=STEPPING, help="command line of the Rust side")
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--lanes", default="64,1")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", help="file for all that was measured")
    parser.add_argument("--unlock-mkl", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--no-rust-bf16", action="store_true", help="for processors that multiply no bf16")
    return parser.parse_args()


def unlocked(folder):
    """The environment in which MKL uses all instructions."""
    library = pathlib.Path(folder) / "unlock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, HERE / "unlock.c"], check=True)
    return {"LD_PRELOAD": str(library)}


def sides(asked, folder):
    """`(name, environment, commands)`: what takes its turn, in order; commands by kind of work."""
    known = {key: shlex.quote(str(value)) for key, value in (vars(asked) | {"bin": asked.rust_bin}).items()}
    rust = {
        "training": shlex.split(asked.rust_training.format(**known)),
        "stepping": shlex.split(asked.rust_stepping.format(**known)),
    }
    common = ["--checkpoint", asked.checkpoint, "--seconds", str(asked.seconds), "--threads", str(asked.threads)]
    python = {
        "training": [sys.executable, str(HERE / "training.py"), *common, "--json"],
        "stepping": [sys.executable, str(HERE / "stepping.py"), *common, "--lanes", asked.lanes, "--json"],
    }
    threads = {"RAYON_NUM_THREADS": str(asked.threads)}
    # The same world on the plain operations of the tensor library, and with products in bf16.
    plain = {kind: [*command, "--plain"] for kind, command in rust.items()}
    half = {"stepping": [*rust["stepping"], "--bf16"]}
    found = [("rust", threads, rust), ("rust+plain", threads, plain), ("torch", {}, python)]
    if not asked.no_rust_bf16:
        found.insert(1, ("rust+bf16", threads, half))
    if asked.unlock_mkl:
        found.append(("torch+avx512", unlocked(folder), python))
    if asked.bf16:
        bf16 = {kind: [*command, "--bf16"] for kind, command in python.items()}
        found.append(("torch+bf16", unlocked(folder) if asked.unlock_mkl else {}, bf16))
    return found


def run(command, environment):
    """The JSON object in the last line of what the command prints."""
    answer = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True)
    lines = answer.stdout.strip().splitlines()
    if answer.returncode != 0 or not lines:
        raise SystemExit(f"`{shlex.join(command)}` ended with {answer.returncode} and printed {len(lines)} lines")
    return json.loads(lines[-1])


def play(asked, folder):
    """Runs every round: seconds by measurement and side, GFLOP by measurement, and the ceilings found."""
    seconds, gflop, ceilings = {}, {}, []
    turns = sides(asked, folder)
    for number in range(asked.rounds):
        for kind in ("training", "stepping"):
            for side, environment, commands in turns:
                if kind not in commands:
                    continue
                told = run(commands[kind], environment)
                for one in told["measurements"]:
                    seconds.setdefault(one["name"], {}).setdefault(side, []).append(one["seconds"])
                    if "gflop" in one:
                        gflop[one["name"]] = one["gflop"]
                ceilings += [told["ceiling"]] if "ceiling" in told else []
        print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
    ceiling = {key: max(one[key] for one in ceilings) for key in ceilings[0]} if ceilings else {}
    return seconds, gflop, ceiling


def summary(seconds, gflop, ceiling):
    """A row per measurement and side: median, spread, ratio to Rust within the rounds, share of the ceiling."""
    rows = []
    for name, by_side in seconds.items():
        for side, each in by_side.items():
            median = statistics.median(each)
            row = {"name": name, "side": side, "seconds": median, "least": min(each), "most": max(each)}
            if "rust" in by_side and side != "rust":
                # Within a round, since the machine differs more between rounds than within one.
                row["rust_is_faster_by"] = statistics.median(a / b for a, b in zip(each, by_side["rust"]))
            if name.startswith("step-"):
                row["steps_per_sec"] = int(name.removeprefix("step-")) / median
            if name in gflop:
                row["gflop_per_sec"] = gflop[name] / median
                most = "bf16_gflop_per_sec" if side == "rust+bf16" else "gflop_per_sec"
                if most in ceiling:
                    row["share_of_ceiling"] = row["gflop_per_sec"] / ceiling[most]
            rows.append(row)
    return rows


def table(rows):
    """For people: Markdown, so that it goes into docs/log.md as it is."""
    columns = [
        ("what", lambda row: row["name"]),
        ("side", lambda row: row["side"]),
        ("ms", lambda row: f"{row['seconds'] * 1e3:.2f}"),
        ("least to most", lambda row: f"{row['least'] * 1e3:.2f} to {row['most'] * 1e3:.2f}"),
        ("steps/s", lambda row: f"{row['steps_per_sec']:.0f}" if "steps_per_sec" in row else ""),
        ("to Rust", lambda row: f"{row['rust_is_faster_by']:.2f}" if "rust_is_faster_by" in row else ""),
        ("GFLOP/s", lambda row: f"{row['gflop_per_sec']:.0f}" if "gflop_per_sec" in row else ""),
        ("of ceiling", lambda row: f"{row['share_of_ceiling']:.0%}" if "share_of_ceiling" in row else ""),
    ]
    lines = ["| " + " | ".join(name for name, _ in columns) + " |", "|---" * len(columns) + "|"]
    lines += ["| " + " | ".join(cell(row) for _, cell in columns) + " |" for row in rows]
    return "\n".join(lines)


def main():
    asked = options()
    with tempfile.TemporaryDirectory() as folder:
        seconds, gflop, ceiling = play(asked, folder)
    rows = summary(seconds, gflop, ceiling)
    print(table(rows))
    if ceiling:
        print("ceiling: " + ", ".join(f"{key} {value:.0f}" for key, value in ceiling.items()))
    if asked.json:
        kept = {"asked": vars(asked), "ceiling": ceiling, "gflop": gflop, "rounds": seconds, "summary": rows}
        pathlib.Path(asked.json).write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
