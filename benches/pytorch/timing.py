"""How both sides are timed and what they print: one JSON object with the median seconds of each measurement."""

import argparse
import json
import statistics
import time

import torch


def arguments(description):
    """What every bench takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--checkpoint", required=True, help="a checkpoint folder or a run")
    parser.add_argument("--seconds", type=float, default=5.0, help="time spent on each measurement")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    parser.add_argument("--bf16", action="store_true", help="products in bfloat16, by autocast")
    parser.add_argument("--profile", action="store_true", help="print where the time goes instead")
    return parser


def ready(options):
    """Threads as asked for, and no slow arithmetic on denormal numbers."""
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)


def measured(name, work, options):
    """Calls `work` for a while, after some calls that warm up, and tells what one call takes."""
    for _ in range(3):
        work()
    if options.profile:
        return profiled(name, work)
    seconds, end = [], time.perf_counter() + options.seconds
    while len(seconds) < 5 or time.perf_counter() < end:
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return {"name": name, "seconds": statistics.median(seconds), "least": min(seconds), "calls": len(seconds)}


def profiled(name, work, calls=5):
    """Prints the operators that take longest."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        for _ in range(calls):
            work()
    print(f"{name}, {calls} calls")
    print(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=25, max_name_column_width=50))
    return {"name": name}


def tell(measurements, options):
    """The end of a bench."""
    if options.json:
        print(json.dumps({"measurements": measurements}))
    elif not options.profile:
        for one in measurements:
            print(f"{one['name']:12} median {one['seconds'] * 1e3:8.2f} ms, least {one['least'] * 1e3:8.2f} ms, "
                  f"{one['calls']} calls")
