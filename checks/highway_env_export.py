"""Exports what highway-env 1.12.1 drives, so that our traffic can be compared with it number by number.

    pip install -r checks/requirements-traffic.txt
    python checks/highway_env_export.py OUT_DIR [--seeds 20] [--position-seconds 40] [--processes N]

Writes three files: `idm.json` (ten cars follow each other on one lane), `mobil.json` (fifty cars change lanes on
four) and `circle.json` (one car at a constant steering angle). All of it goes through `Road.act` and `Road.step`.
Floats are written by `repr`, which gives back the same 64 bits. Each file says its axes, units and order of rows.
The runs of `mobil.json` are spread over processes; a run depends on its seed alone.
Prints one line per case, with the crashes that happened in it.
"""

import argparse
import functools
import json
import multiprocessing
import pathlib

import highway_env
import numpy as np
from highway_env.road.road import Road, RoadNetwork
from highway_env.vehicle.behavior import IDMVehicle
from highway_env.vehicle.kinematics import Vehicle

VERSION = "1.12.1"
TICK_HZ = 15
SPEED_LIMIT_MPS = 30.0
IDM_TICKS = 60 * TICK_HZ
MOBIL_TICKS = 40 * TICK_HZ
N_IDM_SEEDS = 5
N_IDM_VEHICLES = 10
N_MOBIL_VEHICLES = 50
N_MOBIL_LANES = 4


def header(about):
    return {
        "source": f"highway-env {VERSION}",
        "about": about,
        "axes": "highway-env's own: x along the lanes, y to the right of x; lane i has its centre at y = 4 i; "
        "heading in rad, positive from x towards y; positions are vehicle centres",
        "units": "m, s, rad",
        "order": "vehicles are listed in the order in which they act; row k of a series is the state after tick k, "
        "the first tick being 0; a tick is all act, then all step, then collisions",
        "tick_hz": TICK_HZ,
    }


def drivers():
    """The numbers of all drivers but for what `start` says of each."""
    return {
        "time_wanted": IDMVehicle.TIME_WANTED,
        "distance_wanted": IDMVehicle.DISTANCE_WANTED,
        "comfort_acc_max": IDMVehicle.COMFORT_ACC_MAX,
        "comfort_acc_min": IDMVehicle.COMFORT_ACC_MIN,
        "acc_max": IDMVehicle.ACC_MAX,
        "politeness": IDMVehicle.POLITENESS,
        "lane_change_min_acc_gain": IDMVehicle.LANE_CHANGE_MIN_ACC_GAIN,
        "lane_change_max_braking_imposed": IDMVehicle.LANE_CHANGE_MAX_BRAKING_IMPOSED,
        "lane_change_delay": IDMVehicle.LANE_CHANGE_DELAY,
        "length": IDMVehicle.LENGTH,
        "width": IDMVehicle.WIDTH,
    }


def straight_road(n_lanes, random):
    network = RoadNetwork.straight_road_network(n_lanes, speed_limit=SPEED_LIMIT_MPS)
    return Road(network=network, np_random=random)


def start_state(vehicle):
    return {
        "x": float(vehicle.position[0]),
        "y": float(vehicle.position[1]),
        "heading": float(vehicle.heading),
        "speed": float(vehicle.speed),
        "target_speed": float(vehicle.target_speed),
        "delta": float(vehicle.DELTA),
        "timer": float(vehicle.timer),
        "lane": int(vehicle.lane_index[2]),
        "target_lane": int(vehicle.target_lane_index[2]),
    }


def tick(road):
    road.act()
    road.step(1 / TICK_HZ)


def positions(road, axis):
    return [float(vehicle.position[axis]) for vehicle in road.vehicles]


def note_crashes(road, tick_idx, crashes):
    known = {crash["vehicle"] for crash in crashes}
    for vehicle_idx, vehicle in enumerate(road.vehicles):
        if vehicle.crashed and vehicle_idx not in known:
            crashes.append({"tick": tick_idx, "vehicle": vehicle_idx})


def idm_road(seed, leader_speed_mps, leader_target_mps):
    """Ten cars, the leader first. The others start at 15 to 25 m/s, 30 to 90 m apart, and want 20 to 34 m/s."""
    random = np.random.default_rng(seed)
    road = straight_road(1, random)
    x, speed, target_speed = 1000.0, leader_speed_mps, leader_target_mps
    for _ in range(N_IDM_VEHICLES):
        vehicle = IDMVehicle(road, [x, 0.0], speed=speed, target_speed=target_speed)
        vehicle.randomize_behavior()
        road.vehicles.append(vehicle)
        x -= random.uniform(30.0, 90.0)
        speed, target_speed = random.uniform(15.0, 25.0), random.uniform(20.0, 34.0)
    return road


def idm_case(name, seed, leader_speed_mps, leader_target_mps):
    road = idm_road(seed, leader_speed_mps, leader_target_mps)
    start = [start_state(vehicle) for vehicle in road.vehicles]
    x, crashes, hardest_braking = [], [], 0.0
    for tick_idx in range(IDM_TICKS):
        tick(road)
        x.append(positions(road, 0))
        hardest_braking = min(hardest_braking, *(vehicle.action["acceleration"] for vehicle in road.vehicles))
        note_crashes(road, tick_idx, crashes)
    slowest = min(vehicle.speed for vehicle in road.vehicles)
    print(f"idm {name}: braking to {hardest_braking:.2f} m/s2, slowest in the end {slowest:.2f} m/s, crashes {crashes}")
    return {"name": name, "seed": seed, "start": start, "crashes": crashes, "x": x}


def idm():
    """Slow leaders, one that stops (cars then roll back and forth), and a fast one, behind which s* is negative."""
    cases = [idm_case(f"slow_leader_{seed}", seed, 12.0 + seed, 4.0 + 2.0 * seed) for seed in range(N_IDM_SEEDS)]
    cases.append(idm_case("stopping_leader", N_IDM_SEEDS, 15.0, 0.005))
    cases.append(idm_case("fast_leader", N_IDM_SEEDS + 1, 39.0, 34.0))
    return {
        **header("IDM on one lane"),
        "drivers": drivers(),
        "speed_limit": SPEED_LIMIT_MPS,
        "n_lanes": 1,
        "ticks": IDM_TICKS,
        "cases": cases,
    }


def mobil_road(seed):
    """The other cars of highway-v0, without the one that an agent drives."""
    road = straight_road(N_MOBIL_LANES, np.random.default_rng(seed))
    for _ in range(N_MOBIL_VEHICLES):
        vehicle = IDMVehicle.create_random(road, spacing=1)
        vehicle.randomize_behavior()
        road.vehicles.append(vehicle)
    return road


def lanes(road):
    return [int(vehicle.lane_index[2]) for vehicle in road.vehicles]


def target_lanes(road):
    return [int(vehicle.target_lane_index[2]) for vehicle in road.vehicles]


def changes(tick_idx, before, after, current):
    """Changed targets of one tick. It is an abort where the new target is the lane that the car is on."""
    return [
        {
            "tick": tick_idx,
            "vehicle": vehicle_idx,
            "from": before[vehicle_idx],
            "to": after[vehicle_idx],
            "abort": after[vehicle_idx] == current[vehicle_idx],
        }
        for vehicle_idx in range(len(before))
        if before[vehicle_idx] != after[vehicle_idx]
    ]


def mobil_case(position_ticks, seed):
    road = mobil_road(seed)
    start = [start_state(vehicle) for vehicle in road.vehicles]
    x, y, lane, events, crashes = [], [], [], [], []
    for tick_idx in range(MOBIL_TICKS):
        lane_before, target_before = lanes(road), target_lanes(road)
        tick(road)
        events += changes(tick_idx, target_before, target_lanes(road), lane_before)
        lane.append(lanes(road))
        note_crashes(road, tick_idx, crashes)
        if tick_idx < position_ticks:
            x.append(positions(road, 0))
            y.append(positions(road, 1))
    return {
        "seed": seed,
        "start": start,
        "events": events,
        "crashes": crashes,
        "lane": lane,
        "x": x,
        "y": y,
    }


def report(case):
    events, crashes = case["events"], case["crashes"]
    aborts = sum(event["abort"] for event in events)
    print(f"mobil seed {case['seed']}: {len(events)} events, {aborts} of them aborts, crashes {crashes}", flush=True)


def mobil(n_seeds, position_seconds, n_processes):
    position_ticks = min(MOBIL_TICKS, position_seconds * TICK_HZ)
    cases = []
    with multiprocessing.Pool(n_processes) as pool:
        for case in pool.imap(functools.partial(mobil_case, position_ticks), range(n_seeds)):
            report(case)
            cases.append(case)
    return {
        **header("IDM and MOBIL on four lanes; an event is a target lane changed by a tick's act"),
        "drivers": drivers(),
        "speed_limit": SPEED_LIMIT_MPS,
        "n_lanes": N_MOBIL_LANES,
        "ticks": MOBIL_TICKS,
        "position_ticks": position_ticks,
        "cases": cases,
    }


def circle():
    """A car without a road: nothing acts, nothing collides."""
    steering, speed, ticks = 0.3, 12.0, 400
    vehicle = Vehicle(None, [0.0, 0.0], heading=0.0, speed=speed)
    vehicle.act({"steering": steering, "acceleration": 0.0})
    x, y, heading = [], [], []
    for _ in range(ticks):
        vehicle.step(1 / TICK_HZ)
        x.append(float(vehicle.position[0]))
        y.append(float(vehicle.position[1]))
        heading.append(float(vehicle.heading))
    print(f"circle: {ticks} ticks, {heading[-1] / (2 * np.pi):.2f} turns")
    start = {"x": 0.0, "y": 0.0, "heading": 0.0, "speed": speed}
    return {
        **header("one bicycle at constant speed and steering; heading is not wrapped"),
        "length": Vehicle.LENGTH,
        "ticks": ticks,
        "steering": steering,
        "start": start,
        "x": x,
        "y": y,
        "heading": heading,
    }


def write(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")), encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description="exports trajectories of highway-env")
    parser.add_argument("out_dir", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=20, help="number of runs in mobil.json")
    parser.add_argument("--position-seconds", type=int, default=40, help="how long mobil.json has x and y")
    parser.add_argument("--processes", type=int, help="for mobil.json; as many as there are cores when not given")
    arguments = parser.parse_args()
    if highway_env.__version__ != VERSION:
        raise SystemExit(f"highway_env_export: expected highway-env {VERSION}, found {highway_env.__version__}")
    arguments.out_dir.mkdir(parents=True, exist_ok=True)
    write(arguments.out_dir / "circle.json", circle())
    write(arguments.out_dir / "idm.json", idm())
    write(
        arguments.out_dir / "mobil.json", mobil(arguments.seeds, arguments.position_seconds, arguments.processes)
    )


if __name__ == "__main__":
    main()
