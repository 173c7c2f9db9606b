"""Fundamental diagram of IDM on closed rings in SUMO 1.28, beside the equilibrium speed of the textbook formula.

    pip install -r checks/requirements-sumo.txt
    python checks/sumo_ring.py OUT.json [--tau 1.5] [--accel 1.4] [--decel 2.0] [--min-gap 2.0] [--max-speed 30] ...

Each ring (1 km and 230 m) has eight edges of one lane. netconvert writes no internal junction lanes, and the edges
carry their length as an attribute, so that lap and sum of the lane lengths are the same number; this is checked.
The cars start evenly spaced at half their equilibrium speed, none is random, and the last seconds are counted.
Such a start stays even for ever: `--jitter` moves the cars, so that an unstable ring can jam (then theory is no guide).
Ends with 77 where a library of the system is missing that SUMO's programs load (X11 and GL, though nothing is drawn).
The file has `vehicle_type`, `simulation`, `rings` and `points`; the deviations from theory are printed too.
"""

import argparse
import importlib.metadata
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import sumo

VERSION = "1.28.0"
N_EDGES = 8
RING_LENGTHS_M = [1000.0, 230.0]
DENSITIES_PER_KM = [float(density) for density in range(10, 150, 10)]
EDGE_SPEED_LIMIT_MPS = 50.0
# What the loader ends a program with, and what we then end with: not a failure, but nothing to be had here.
NOT_LOADED, CANNOT_RUN = 127, 77


def run_tool(name, arguments):
    """Runs a program of SUMO and ends with its messages if it fails or warns."""
    program = os.path.join(sumo.SUMO_HOME, "bin", name)
    environment = {**os.environ, "SUMO_HOME": sumo.SUMO_HOME}
    result = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True)
    if result.returncode == NOT_LOADED:
        print(f"sumo_ring: {name} cannot be started: {result.stderr.strip()}", file=sys.stderr)
        sys.exit(CANNOT_RUN)
    if result.returncode != 0 or result.stderr.strip():
        first_lines = "\n".join(result.stderr.strip().splitlines()[:3])
        raise SystemExit(f"sumo_ring: {name} ended with {result.returncode} and warned: {first_lines}")


def write_xml(path, root):
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def ring_point(length_m, edge_idx):
    radius_m, angle = length_m / (2 * math.pi), 2 * math.pi * edge_idx / N_EDGES
    return radius_m * math.cos(angle), radius_m * math.sin(angle)


def write_nodes(path, length_m):
    nodes = ElementTree.Element("nodes")
    for node_idx in range(N_EDGES):
        x, y = ring_point(length_m, node_idx)
        ElementTree.SubElement(nodes, "node", id=f"n{node_idx}", x=repr(x), y=repr(y))
    write_xml(path, nodes)


def write_edges(path, length_m):
    edges = ElementTree.Element("edges")
    for edge_idx in range(N_EDGES):
        ElementTree.SubElement(
            edges,
            "edge",
            {
                "id": f"e{edge_idx}",
                "from": f"n{edge_idx}",
                "to": f"n{(edge_idx + 1) % N_EDGES}",
                "numLanes": "1",
                "speed": repr(EDGE_SPEED_LIMIT_MPS),
                "length": repr(length_m / N_EDGES),
            },
        )
    write_xml(path, edges)


def build_ring(folder, length_m):
    """Returns the network's path and the lengths in it, read back."""
    nodes, edges, network = folder / "ring.nod.xml", folder / "ring.edg.xml", folder / "ring.net.xml"
    write_nodes(nodes, length_m)
    write_edges(edges, length_m)
    options = ["--no-internal-links", "--no-turnarounds", "--precision", "6", "--xml-validation", "never"]
    run_tool("netconvert", ["-n", str(nodes), "-e", str(edges), "-o", str(network), *options])
    return network, ring_lengths(network, length_m)


def ring_lengths(network, length_m):
    """Lane lengths after netconvert: those of the edges, those inside junctions, and their sum, which is one lap."""
    edge_m = internal_m = 0.0
    for edge in ElementTree.parse(network).getroot().iter("edge"):
        lane_m = sum(float(lane.get("length")) for lane in edge.iter("lane"))
        if edge.get("function") == "internal":
            internal_m += lane_m
        else:
            edge_m += lane_m
    if abs(edge_m + internal_m - length_m) > 1e-6:
        raise SystemExit(f"sumo_ring: expected a lap of {length_m} m, netconvert made {edge_m} + {internal_m} m")
    return {"length_m": edge_m + internal_m, "edge_lanes_m": edge_m, "internal_lanes_m": internal_m}


def vehicle_type(arguments):
    return {
        "id": "idm",
        "carFollowModel": "IDM",
        "tau": arguments.tau,
        "accel": arguments.accel,
        "decel": arguments.decel,
        "minGap": arguments.min_gap,
        "delta": arguments.delta,
        "length": arguments.length,
        "maxSpeed": arguments.max_speed,
        "stepping": arguments.stepping,
        "emergencyDecel": 9.0,
        "sigma": 0.0,
        "speedFactor": 1.0,
        "speedDev": 0.0,
    }


def start_positions(length_m, vehicles, jitter_m):
    """Front bumpers along the lap; the same ones on each run. At most 0.4 of the spacing: the order stays."""
    source, most_m = random.Random(vehicles), 0.4 * length_m / vehicles
    shifts = [max(-most_m, min(most_m, source.gauss(0.0, jitter_m))) for _ in range(vehicles)]
    return [(length_m * idx / vehicles + shift) % length_m for idx, shift in enumerate(shifts)]


def write_routes(path, kind, length_m, positions, speed_mps, laps):
    """Every car has its own route, which starts on its own edge."""
    routes = ElementTree.Element("routes")
    ElementTree.SubElement(routes, "vType", {name: str(value) for name, value in kind.items()})
    edge_m = length_m / N_EDGES
    for vehicle_idx, position_m in enumerate(positions):
        first_edge = min(int(position_m / edge_m), N_EDGES - 1)
        vehicle = ElementTree.SubElement(
            routes,
            "vehicle",
            id=f"v{vehicle_idx}",
            type=kind["id"],
            depart="0",
            departLane="0",
            departPos=repr(position_m - first_edge * edge_m),
            departSpeed=repr(speed_mps),
            insertionChecks="none",
        )
        edges = " ".join(f"e{(first_edge + edge_idx) % N_EDGES}" for edge_idx in range(N_EDGES))
        ElementTree.SubElement(vehicle, "route", edges=edges, repeat=str(laps))
    write_xml(path, routes)


def recorded_speeds(path, start_s):
    """Speeds of all cars at all times from `start_s` on, and the smallest number of cars at any time."""
    speeds, fewest = [], math.inf
    for _, timestep in ElementTree.iterparse(path):
        if timestep.tag != "timestep":
            continue
        if float(timestep.get("time")) >= start_s:
            now = [float(vehicle.get("speed")) for vehicle in timestep.iter("vehicle")]
            speeds += now
            fewest = min(fewest, len(now))
        timestep.clear()
    return speeds, fewest


def simulate(folder, network, routes, arguments):
    record = folder / "fcd.xml"
    options = {
        "--net-file": network,
        "--route-files": routes,
        "--fcd-output": record,
        "--fcd-output.attributes": "speed",
        "--device.fcd.begin": arguments.seconds - arguments.counted_seconds,
        "--device.fcd.period": 1.0,
        "--precision": 6,
        "--step-length": arguments.step_length,
        "--step-method.ballistic": "true",
        "--end": arguments.seconds,
        # A collision is a warning, and a warning ends the run. Gaps below minGap are none.
        "--collision.action": "warn",
        "--collision.mingap-factor": 0,
        "--time-to-teleport": -1,
        "--xml-validation": "never",
        "--xml-validation.net": "never",
        "--no-step-log": "true",
    }
    run_tool("sumo", [text for name, value in options.items() for text in (name, str(value))])
    return record


def equilibrium_speed(kind, length_m, vehicles):
    """Root of s_e(v) = (s0 + v T) / sqrt(1 - (v / v0)^delta) at the bumper-to-bumper gap of even spacing."""
    gap_m = length_m / vehicles - kind["length"]
    low, high = 0.0, kind["maxSpeed"]
    if gap_m <= kind["minGap"]:
        return 0.0
    for _ in range(200):
        speed = (low + high) / 2
        room = math.sqrt(max(0.0, 1 - (speed / kind["maxSpeed"]) ** kind["delta"]))
        if kind["minGap"] + speed * kind["tau"] < gap_m * room:
            low = speed
        else:
            high = speed
    return low


def point(folder, network, lengths, density_per_km, arguments):
    kind, length_m = vehicle_type(arguments), lengths["length_m"]
    vehicles = round(density_per_km * length_m / 1000)
    expected_mps = equilibrium_speed(kind, length_m, vehicles)
    laps = math.ceil(arguments.seconds * kind["maxSpeed"] / length_m) + 2
    routes = folder / "ring.rou.xml"
    positions = start_positions(length_m, vehicles, arguments.jitter)
    write_routes(routes, kind, length_m, positions, 0.5 * expected_mps, laps)
    record = simulate(folder, network, routes, arguments)
    speeds, fewest = recorded_speeds(record, arguments.seconds - arguments.counted_seconds)
    if fewest != vehicles:
        raise SystemExit(f"sumo_ring: expected {vehicles} cars at all times, found {fewest}")
    mean_mps = math.fsum(speeds) / len(speeds)
    variance = math.fsum((speed - mean_mps) ** 2 for speed in speeds) / len(speeds)
    real_density_per_km = vehicles / length_m * 1000
    return {
        "length_m": length_m,
        "vehicles": vehicles,
        "density_per_km": real_density_per_km,
        "mean_speed_mps": mean_mps,
        "speed_std_mps": math.sqrt(variance),
        "flow_per_h": real_density_per_km * mean_mps * 3.6,
        "equilibrium_speed_mps": expected_mps,
        "deviation": mean_mps / expected_mps - 1 if expected_mps > 0 else None,
    }


def report(row):
    deviation = "-" if row["deviation"] is None else f"{100 * row['deviation']:+.4f} %"
    print(
        f"{row['length_m']:.0f} m, {row['vehicles']:3d} cars, {row['density_per_km']:6.2f}/km: "
        f"v {row['mean_speed_mps']:.4f} m/s, std {row['speed_std_mps']:.2e}, "
        f"theory {row['equilibrium_speed_mps']:.4f} m/s, {deviation}, flow {row['flow_per_h']:.0f}/h",
        flush=True,
    )


def measure_ring(length_m, arguments):
    points = []
    with tempfile.TemporaryDirectory() as folder:
        network, lengths = build_ring(pathlib.Path(folder), length_m)
        for density_per_km in arguments.densities:
            points.append(point(pathlib.Path(folder), network, lengths, density_per_km, arguments))
            report(points[-1])
    return lengths, points


def parse():
    parser = argparse.ArgumentParser(description="fundamental diagram of IDM on SUMO rings")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--tau", type=float, default=1.5, help="time gap [s]")
    parser.add_argument("--accel", type=float, default=1.4, help="a of IDM [m/s2]")
    parser.add_argument("--decel", type=float, default=2.0, help="b of IDM [m/s2]")
    parser.add_argument("--min-gap", type=float, default=2.0, help="s0, bumper to bumper [m]")
    parser.add_argument("--delta", type=float, default=4.0, help="exponent of the free road term")
    parser.add_argument("--length", type=float, default=5.0, help="of a car [m]")
    parser.add_argument("--max-speed", type=float, default=30.0, help="v0 [m/s]; the edges allow more")
    parser.add_argument("--stepping", type=float, default=0.25, help="SUMO's inner IDM step [s]; one per step at 0.1 s")
    parser.add_argument("--step-length", type=float, default=0.1)
    parser.add_argument("--jitter", type=float, default=0.0, help="standard deviation of the start positions [m]")
    parser.add_argument("--densities", type=float, nargs="+", default=DENSITIES_PER_KM, help="cars per km")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--counted-seconds", type=float, default=200.0)
    return parser.parse_args()


def main():
    arguments = parse()
    found = importlib.metadata.version("eclipse-sumo")
    if found != VERSION:
        raise SystemExit(f"sumo_ring: expected eclipse-sumo {VERSION}, found {found}")
    rings, points = [], []
    for length_m in RING_LENGTHS_M:
        ring, ring_points = measure_ring(length_m, arguments)
        rings.append(ring)
        points += ring_points
    value = {
        "source": f"SUMO {VERSION}",
        "vehicle_type": vehicle_type(arguments),
        "simulation": {
            "step_length_s": arguments.step_length,
            "integration": "ballistic",
            "seconds": arguments.seconds,
            "counted_seconds": arguments.counted_seconds,
            "edge_speed_limit_mps": EDGE_SPEED_LIMIT_MPS,
            "start": "evenly spaced, half the equilibrium speed",
            "jitter_m": arguments.jitter,
        },
        "rings": rings,
        "points": points,
    }
    arguments.out.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
