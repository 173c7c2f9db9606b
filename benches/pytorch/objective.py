"""What both stages descend (worlds/src/dit/objective.rs and `reconstruction_loss` in codec.rs)."""

import torch
import torch.nn.functional as F

from model import noised
from trunk import Clip

CLIP_DROPOUT = 0.05
READOUT_WEIGHT = 0.1
ENDING_WEIGHT = 10.0


def clip_features(actions, known, reach):
    """The actions that led to each frame, newest first, each with a flag that it is known: `[clip * time, features]`.

    `actions` `[clip, time, width]` are those taken at each frame, `known` `[clip, time]`.
    """
    time = actions.shape[1]
    known = known[..., None].float()
    rows = F.pad(torch.cat((actions * known, known), dim=2), (0, 0, reach, 0))
    # Row t of `rows` is the action taken `reach` frames before frame t; the newest of frame t is row t + reach - 1.
    history = rows.unfold(1, reach, 1)[:, :time].flip(3)
    return history.transpose(2, 3).flatten(2).flatten(0, 1)


def levels_of(clips, time):
    """Half of the frames at the levels that a two-pass dream visits, the others anywhere."""
    choice, levels = torch.rand(2, clips, time)
    return torch.where(choice < 0.25, 0.0, torch.where(choice < 0.5, 0.5, levels))


def change_weights(latents, extra):
    """`[clip, time, token]`: 1 for a latent that stands still, up to `1 + extra` for one that changes."""
    change = (latents[:, 1:] - latents[:, :-1]).abs().mean(3).clamp(max=1.0) * extra + 1.0
    return F.pad(change, (0, 0, 1, 0), value=1.0)


def previous_frames(latents, noise, level):
    """The frame before each, lightly noised; zeros before the first."""
    return F.pad(noised(latents[:, :-1], noise[:, 1:], level), (0, 0, 0, 0, 1, 0))


def readout_loss(readout, rewards, ends):
    """Squared error of the reward and cross-entropy of the ending that came with each frame but the first."""
    clips, time = rewards.shape
    reward, logit = readout.view(clips, time, 2)[:, 1:].unbind(2)
    ends = ends[:, :-1]
    entropy = F.binary_cross_entropy_with_logits(logit, ends, weight=1.0 + (ENDING_WEIGHT - 1.0) * ends)
    return F.mse_loss(reward, rewards[:, :-1]) + entropy


def trunk_loss(world, latents, batch):
    """Flow matching of clips `[clip, time, token, token_dim]`, every frame at a noise level of its own."""
    clips, time = latents.shape[:2]
    levels = levels_of(clips, time)
    hidden = torch.rand(clips, 1) < CLIP_DROPOUT
    known = ~hidden & (torch.rand(clips, time) >= world.config["learning"]["action_dropout"])
    noisy = noised(latents, torch.randn_like(latents), levels[:, :, None, None])
    previous = previous_frames(latents, torch.randn_like(latents), world.observed_level)
    features = clip_features(batch["actions"], known, world.reach)
    times = Clip(clips, time, world.config["trunk"]["context"], world.head_dim)
    predicted, readout = world.trunk(noisy.flatten(0, 1), previous.flatten(0, 1), features, levels.flatten(), times)
    return weighted_loss(world, latents, levels, batch, predicted.view_as(latents), readout)


def weighted_loss(world, latents, levels, batch, predicted, readout):
    """The loss of an answer; `levels` `[clip, time]`. Nothing can be known of the first frame of a clip."""
    weights = 0.3 + 0.7 * levels
    weights[:, 0] = 0.0
    weights = change_weights(latents, world.config["learning"]["change_weight"]) * weights[:, :, None]
    error = (predicted - latents).square().mean(3)
    loss = (error * weights).mean() / weights.mean()
    if readout is not None:
        loss = loss + READOUT_WEIGHT * readout_loss(readout, batch["rewards"], batch["ends"])
    return loss


def slopes(x):
    """Differences down and across."""
    return x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]


def local_mean(x):
    """Means over half-overlapping patches of 8x8."""
    return F.avg_pool2d(x, 8, 4)


def reconstruction_loss(drawn, pictures, learning):
    """Absolute and squared error, error of picture gradients, and of local gradient energy."""
    loss = F.l1_loss(drawn, pictures)
    if learning["square_weight"] > 0.0:
        loss = loss + learning["square_weight"] * F.mse_loss(drawn, pictures)
    for a, b in zip(slopes(drawn), slopes(pictures)):
        loss = loss + learning["gradient_weight"] * F.l1_loss(a, b)
        if learning["energy_weight"] != 0.0:
            loss = loss + learning["energy_weight"] * F.l1_loss(local_mean(a.abs()), local_mean(b.abs()))
    return loss
