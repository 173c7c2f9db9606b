"""Dreams stepped side by side and drawn, as `Dream::step` and `Dit::decode` do.

Usage: stepping.py --checkpoint RUN [--lanes 64,1] [--threads N] [--seconds S] [--json] [--bf16] [--profile]
One call of a measurement is one step of all lanes: actions in, `[lane, 3, height, width]` bytes out.
"""

import torch

from codec import to_unit
from dream import Dream
from model import load
from timing import arguments, measured, ready, tell
from training import bytes_of


def stepper(world, lanes, bf16):
    """One step of all lanes as a function."""
    time = world.config["trunk"]["context"]
    pictures = to_unit(bytes_of(lanes * time, world.size)).unflatten(0, (lanes, time))
    draws = lambda *shape: torch.rand(*shape, world.width) * 2.0 - 1.0
    with torch.inference_mode():
        dream = Dream(world, pictures, draws(lanes, time))
    actions = draws(lanes)

    def step():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            dream.step(actions)
            return dream.decode()

    return step


def main():
    parser = arguments(__doc__)
    parser.add_argument("--lanes", default="64,1")
    options = parser.parse_args()
    ready(options)
    world = load(options.checkpoint).requires_grad_(False)
    counts = [int(lanes) for lanes in options.lanes.split(",")]
    steps = [(f"step-{lanes}", stepper(world, lanes, options.bf16)) for lanes in counts]
    tell([measured(name, step, options) for name, step in steps], options)


if __name__ == "__main__":
    main()
