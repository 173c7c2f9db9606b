"""Measures how many decision steps per second highway-v0 of highway-env 1.12.1 makes.

    pip install -r checks/requirements-traffic.txt
    python checks/highway_env_speed.py [--vehicles 50] [--lanes 4] [--seconds 10]

No picture is drawn; observation (Kinematics), frequencies (15 Hz, 1 Hz) and episode length are the defaults and the
driver always idles. `--vehicles` counts the traffic: the driver's own car comes on top, as in highway-v0.
The first reset is not timed; later ones are, but only `with_resets_per_s` counts them.
Prints one JSON line, so that a caller can alternate rounds with another program.
"""

import argparse
import importlib.metadata
import json
import time

import gymnasium
import highway_env  # noqa: F401 (registers highway-v0)

IDLE = 1


def make_environment(n_vehicles, n_lanes):
    config = {"vehicles_count": n_vehicles, "lanes_count": n_lanes}
    # Gymnasium's checker would only cost time here.
    return gymnasium.make("highway-v0", config=config, disable_env_checker=True)


def measure(environment, seconds):
    """Counts of steps and episodes, seconds in `step` alone, seconds in all."""
    environment.reset(seed=0)
    steps, episodes, step_seconds = 0, 1, 0.0
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        step_started = time.perf_counter()
        _, _, terminated, truncated, _ = environment.step(IDLE)
        step_seconds += time.perf_counter() - step_started
        steps += 1
        if terminated or truncated:
            environment.reset(seed=episodes)
            episodes += 1
    return steps, episodes, step_seconds, time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description="measures decision steps per second of highway-v0")
    parser.add_argument("--vehicles", type=int, default=50)
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    environment = make_environment(arguments.vehicles, arguments.lanes)
    steps, episodes, step_seconds, all_seconds = measure(environment, arguments.seconds)
    config = environment.unwrapped.config
    report = {
        "decision_steps_per_s": steps / step_seconds,
        "with_resets_per_s": steps / all_seconds,
        "substeps": config["simulation_frequency"] // config["policy_frequency"],
        "vehicles": arguments.vehicles,
        "vehicles_on_road": len(environment.unwrapped.road.vehicles),
        "lanes": arguments.lanes,
        "decision_steps": steps,
        "episodes": episodes,
        "seconds": all_seconds,
        "highway_env": importlib.metadata.version("highway-env"),
        "numpy": importlib.metadata.version("numpy"),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
