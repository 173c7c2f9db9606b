"""One training step of each stage, as `DitLearner::learn_trunk` and `learn_codec` make them
(worlds/src/dit/learner.rs).

Usage: training.py --checkpoint RUN [--threads N] [--seconds S] [--json] [--bf16] [--profile]
"""

import copy

import torch

from codec import to_unit
from model import load
from objective import reconstruction_loss, trunk_loss
from timing import arguments, measured, ready, tell

MAX_NORM = 1.0


class Learner:
    """A module with its optimiser and the running mean of its weights."""

    def __init__(self, module, rate, learning):
        self.module = module
        self.average = copy.deepcopy(module).requires_grad_(False)
        self.weights = list(module.parameters())
        self.means = list(self.average.parameters())
        self.decay = learning["average"]
        decay = learning["weight_decay"]
        # Matrices of the transformer's blocks, which the codec has none of.
        named = dict(module.named_parameters())
        turned = {name for name, weight in named.items() if name.startswith("blocks.") and name.endswith(".weight")}
        turned = turned if learning["muon"] else set()
        rest = [weight for name, weight in named.items() if name not in turned]
        adamw = torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.99), eps=1e-8, weight_decay=decay, fused=True)
        self.optimizers = [adamw]
        if turned:
            matrices = [named[name] for name in sorted(turned)]
            self.optimizers.append(torch.optim.Muon(
                matrices, lr=rate, momentum=0.95, weight_decay=decay, adjust_lr_fn="match_rms_adamw"
            ))

    def descend(self, loss):
        """One update; gives the loss and the norm of the gradient, which the log of a training wants."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.weights, MAX_NORM)
        for optimizer in self.optimizers:
            optimizer.step()
        torch._foreach_lerp_(self.means, self.weights, 1.0 - self.decay)
        return loss.item(), norm.item()


def bytes_of(pictures, size):
    """Pictures that are neither flat nor noise: the codec's time does not depend on it."""
    coarse = torch.rand(pictures, 3, size[0] // 8, size[1] // 8)
    return torch.nn.functional.interpolate(coarse, size, mode="bilinear").mul(255.0).to(torch.uint8)


def clips(world):
    """A batch of clips as the data set gives it: bytes, actions and, where there are any, rewards and endings."""
    learning = world.config["learning"]
    count, time = learning["batch"], learning["clip"]
    return {
        "pictures": bytes_of(count * time, world.size),
        "actions": torch.rand(count, time, world.width) * 2.0 - 1.0,
        "rewards": torch.rand(count, time),
        "ends": (torch.rand(count, time) < 0.02).float(),
    }


def trunk_step(world, bf16):
    """The step as a function; the codec is frozen."""
    learning = world.config["learning"]
    learner = Learner(world.trunk, learning["rate"], learning)
    batch = clips(world)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            with torch.no_grad():
                latents = world.encode(to_unit(batch["pictures"]))
                latents = latents.float().view(learning["batch"], learning["clip"], world.tokens, world.token_dim)
            loss = trunk_loss(world, latents, batch)
        return learner.descend(loss)

    return step


def codec_step(world, bf16):
    """The step of the first stage as a function."""
    learning = world.config["learning"]
    learner = Learner(world.codec, learning["codec_rate"], learning)
    batch = bytes_of(learning["codec_batch"], world.size)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            pictures = to_unit(batch)
            latents = world.codec.encode(pictures)
            drawn = world.codec.decode(latents + learning["latent_noise"] * torch.randn_like(latents))
        return learner.descend(reconstruction_loss(drawn.float(), pictures, learning))

    return step


def main():
    options = arguments(__doc__).parse_args()
    ready(options)
    # A world of its own for each stage, since steps change it.
    measurements = [
        measured("train-trunk", trunk_step(load(options.checkpoint), options.bf16), options),
        measured("train-codec", codec_step(load(options.checkpoint), options.bf16), options),
    ]
    tell(measurements, options)


if __name__ == "__main__":
    main()
