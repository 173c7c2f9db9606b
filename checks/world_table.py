"""The key figures of worlds side by side: a Markdown table of what `dreamlane evaluate` wrote, over training seeds.

    python3 checks/world_table.py A/ B/ C/          # A/report.json, A/paired.json, A/probe.json and so on
    python3 checks/world_table.py --against base=A/,B/,C/ quiet=D/,E/,F/     # a column for each arm of a study

A world is what its files begin with: `runs/x/evaluation/`, or `docs/results/highway-0-`.
A cell is the mean over the training seeds, in brackets the smallest and the largest. Python 3, nothing to install.
"""

import json
import sys
from pathlib import Path


def value(number):
    """The number itself, of a number with an interval."""
    return number["value"] if isinstance(number, dict) else number


def at(rows, horizon, **asked):
    """The row of a horizon for which all that is asked holds, or nothing."""
    fits = (r for r in rows or [] if r["horizon"] == horizon and all(r.get(k) == v for k, v in asked.items()))
    return next(fits, None)


def of_world(report, put):
    """What `evaluate world` found."""
    for horizon in (8, 32, 64):
        if row := at(report["sharpness"], horizon):
            put(f"sharpness to the codec's picture at {horizon}", "0.8 to 1.25", row["full"]["dream_to_codec"])
    for over in ("still", "mean"):
        for horizon in (8, 16, 32, 64):
            if row := at(report["usable"]["leads"], horizon, over=over):
                put(f"changed pixels above `{over}` at {horizon}, dB", "above 0", row["one_db"])
                if over == "mean" and horizon >= 16:
                    put(f"the same of the mean dream at {horizon}, dB", "", row["mean_db"])
    for own in report["state"]["own"] if report.get("state") else []:
        for horizon in (8, 32):
            if row := at(own["horizons"], horizon):
                put(f"{own['name']} at {horizon}, error of that of holding it", "below 0.5", row["ratio"])
    for horizon in (4, 32):
        if report.get("state") and (row := at(report["state"]["others"], horizon)):
            put(f"other cars at {horizon}, m forwards", "", row["forward_rmse_m"])
            put(f"the same, held, at {horizon}, m", "", row["held_forward_rmse_m"])
    for where in ("dreamed", "real"):
        ends = report["outcomes"] and at(report["outcomes"][where]["endings"], 8)
        if ends and ends["within"]:
            within = ends["within"]
            put(f"ending within 8, {where}: average precision", "0.5", within["average_precision"])
            put(f"ending within 8, {where}: base rate", "", within["base_rate"])
            put(f"ending within 8, {where}: Brier skill", "0.3", within["brier_skill"])
            put(f"ending within 8, {where}: calibration error", "", within["calibration_error"])
    for horizon in (8, 32):
        if row := at(report["rewards"], horizon):
            put(f"reward R2 at {horizon}", "0.8" if horizon == 8 else "", row["r2"])
    for of in ("picture", "state"):
        judged = (report["trust"] or {}).get(of)
        if not judged:
            continue
        for horizon in (8, 16, 32, 64):
            if row := at(judged["horizons"], horizon):
                put(f"distrust and the {of}'s error at {horizon}, Spearman", "0.4", row["spearman"])
        put(f"distrust and the {of}'s error over all steps, Spearman", "", judged["pooled_spearman"])
        put(f"a clock and the {of}'s error over all steps, Spearman", "", judged["clock_spearman"])
        if limit := judged["threshold"]:
            put(f"threshold for the {of}: steps over the bound removed", "0.5", limit["removed"])
            put(f"threshold for the {of}: good steps kept", "0.8", limit["kept"])
    if report.get("validity"):
        put("valid horizon, steps", "", report["validity"]["valid_horizon"])
    if drift := report.get("drift"):
        ratio = drift["judged"]["ratio"]
        put("drift: Fréchet distance, last step to first", "at most 1.5", ratio)
        for step in drift["judged"]["steps"]:
            put(f"drift: Fréchet distance at {step['step']}", "", step["distance"])
        put("drift: Fréchet distance between recordings", "", drift["floor"])
    if control := report.get("control"):
        for row in control["gaps"]:
            put(f"action gap at {row['horizon']}, dB", "above 0", row["gap_db"])
        for of in ("recorded", "random"):
            if row := control["responses"].get(of):
                put(f"shift against steering, {of}: lag", "", row["lag"])
                put(f"shift against steering, {of}: correlation", "", row["correlation"])
    for row in report["judged"]["horizons"]:
        for of in ("one", "mean"):
            if of + "_all" in row:
                put(f"skill of {of} at {row['horizon']}", "", row[of + "_all"]["skill"])


def of_pairs(report, put):
    """What `evaluate paired` found."""
    judged = report["judged"]
    for action in ("steering", "acceleration"):
        row = at(judged["following"], 8, changed=action)
        for of in ("pixels", "state"):
            put(f"{action} followed at 8, by {of}", "0.93", row[of]["right_dream"])
            put(f"{action}, counterfactual ratio at 8, by {of}", "1.5", row[of]["counterfactual_ratio"])
    row = at(judged["others"], 8)
    put("other cars ahead, causal confusion at 8, m/s", "", row["ahead"]["speed_mps"])
    put("other cars behind, causal confusion at 8, m/s", "", row["behind"]["speed_mps"])
    if row["reaction"]:
        put("cars behind, reaction of the truth's at 8", "0.5 to 1.5", row["reaction"]["ratio"])
    for row in report["confusion_ratio"] or []:
        if row["horizon"] == 8:
            put("causal confusion at 8 of that of the shuffled model", "at most 0.5", row["ratio"])
    for fork in judged["forks"] or []:
        if fork["horizon"] == 8:
            for of in ("pixels", "state"):
                if fork.get(of):
                    put(f"{fork['changed']} followed at 8 in forks made at {fork['at']}, by {of}", "0.8", fork[of]["right_dream"])


def of_probe(report, put):
    """What `evaluate probe` found."""
    for row in report["horizons"]:
        horizon = row["horizon"]
        for action in row["actions"]:
            name = f"{action['name']} read off frames at {horizon}"
            put(f"{name}: R2, dreamed", "", action["r2"]["dreamed"])
            put(f"{name}: R2, recorded", "", action["r2"]["recorded"])
            put(f"{name}: share", "0.8", action["of_recorded"])
        for number in row["numbers"]:
            if number["name"] in ("ego.speed", "ego.lateral", "ego.offset", "ego.heading"):
                name = f"{number['name']} read off frames at {horizon}"
                put(f"{name}: RMSE, dreamed", "", number["rmse"]["dreamed"])
                put(f"{name}: RMSE, recorded", "", number["rmse"]["recorded"])
                put(f"{name}: RMSE, held", "", number["rmse"]["held"])
                if number["anchored"]:
                    put(f"{name}: RMSE of its change, dreamed", "", number["anchored"]["dreamed"])
                    put(f"{name}: RMSE of its change, recorded", "", number["anchored"]["recorded"])
                    put(f"{name}: RMSE of its change, held", "", number["anchored"]["held"])


READERS = {"report.json": of_world, "paired.json": of_pairs, "probe.json": of_probe}


def figures(prefix):
    """The figures of one world by name, with what is wanted."""
    found = {}
    for name, reader in READERS.items():
        path = Path(prefix + name)
        if path.exists():
            report = json.loads(path.read_text())["report"]
            reader(report, lambda what, wanted, number: found.setdefault(what, (wanted, value(number))))
    if not found:
        sys.exit(f"{prefix}: none of {', '.join(prefix + name for name in READERS)} is there")
    return found


def cell(worlds, what):
    """Mean and range of a figure over worlds."""
    numbers = [world[what][1] for world in worlds if what in world and world[what][1] is not None]
    if not numbers:
        return ""
    mean = sum(numbers) / len(numbers)
    return f"{mean:.2f}" if len(numbers) == 1 else f"{mean:.2f} ({min(numbers):.2f} to {max(numbers):.2f})"


def main(arguments):
    """Prints the table."""
    if not arguments:
        sys.exit(__doc__)
    if arguments[0] == "--against":
        arms = dict(arm.split("=", 1) for arm in arguments[1:])
        arms = {name: [figures(prefix) for prefix in prefixes.split(",")] for name, prefixes in arms.items()}
    else:
        arms = {f"{len(arguments)} training seeds": [figures(prefix) for prefix in arguments]}
    names = list(dict.fromkeys(what for worlds in arms.values() for world in worlds for what in world))
    wanted = {what: world[what][0] for worlds in arms.values() for world in worlds for what in world}
    print("| figure | wanted | " + " | ".join(arms) + " |")
    print("|---" * (2 + len(arms)) + "|")
    for what in names:
        print(f"| {what} | {wanted[what]} | " + " | ".join(cell(worlds, what) for worlds in arms.values()) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
