"""What both stages descend (worlds/src/dit/objective.rs and `reconstruction_loss` in codec.rs)."""

import torch
import torch.nn.functional as F

from model import noised
from trunk import BINS, ENDING, Clip

CLIP_DROPOUT = 0.05
KNOWN_WEIGHT = 0.1


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


def told_of(world, clips, time):
    """Levels and shares `[clip, time]`: frames that are known, and others on the way, each to go the finest share."""
    finest = world.config["trunk"]["finest"]
    levels = torch.randint(finest, (clips, time)) / finest
    known = torch.rand(clips, time) < world.config["learning"]["known"]
    return torch.where(known, world.observed_level, levels), torch.full((clips, time), world.finest_share)


def change_weights(latents, extra):
    """`[clip, time, token]`: 1 for a latent that stands still, up to `1 + extra` for one that changes."""
    change = (latents[:, 1:] - latents[:, :-1]).abs().mean(3).clamp(max=1.0) * extra + 1.0
    return F.pad(change, (0, 0, 1, 0), value=1.0)


def noise_beside(level):
    """How much noise stands beside a frame that is not made smaller for it."""
    return (1.0 - level) / level


def previous_frames(latents, noise, level):
    """The frame before each, lightly noised; zeros before the first."""
    return F.pad(latents[:, :-1] + noise[:, 1:] * noise_beside(level), (0, 0, 0, 0, 1, 0))


def two_hot(rewards, worths):
    """Chances of the two bins around each reward, whose mean it is: `[..., bin]`."""
    rewards = rewards.clamp(worths[0], worths[-1])
    above = torch.searchsorted(worths, rewards.contiguous()).clamp(1, len(worths) - 1)
    low, high = worths[above - 1], worths[above]
    share = ((rewards - low) / (high - low)).clamp(0.0, 1.0)
    chances = torch.zeros(*rewards.shape, len(worths))
    chances.scatter_(-1, above[..., None] - 1, 1.0 - share[..., None])
    return chances.scatter_(-1, above[..., None], share[..., None])


def readout_loss(world, readout, batch, read):
    """Cross-entropies of the reward and of the ending that came with each frame that is `read`, `[clip, time]`."""
    rewards, ends = (F.pad(batch[name][:, :-1], (1, 0)) for name in ("rewards", "ends"))
    readout = readout.view(*read.shape, -1)
    weight = world.config["learning"]["ending_weight"]
    logit, logits = readout[..., ENDING], readout[..., BINS:]
    reward = -(logits.log_softmax(2) * two_hot(rewards, world.bins())).sum(2)
    entropy = F.binary_cross_entropy_with_logits(logit, ends, weight=1.0 + (weight - 1.0) * ends, reduction="none")
    return ((reward + entropy) * read).sum() / read.sum().clamp(min=1.0)


def trunk_loss(world, latents, batch):
    """Flow matching of clips `[clip, time, token, token_dim]`, every frame at a noise level of its own.

    A step of this is the plain one, two of three: shortcuts and clips that are dreamed on are not measured.
    """
    clips, time = latents.shape[:2]
    levels, shares = told_of(world, clips, time)
    hidden = torch.rand(clips, 1) < CLIP_DROPOUT
    known = ~hidden & (torch.rand(clips, time) >= world.config["learning"]["action_dropout"])
    noisy = noised(latents, torch.randn_like(latents), levels[:, :, None, None])
    previous = previous_frames(latents, torch.randn_like(latents), world.observed_level)
    features = clip_features(batch["actions"], known, world.reach)
    times = Clip(clips, time, world.config["trunk"]["context"], world.head_dim)
    told = levels.flatten(), shares.flatten()
    predicted, readout = world.trunk(noisy.flatten(0, 1), previous.flatten(0, 1), features, told, times)
    return weighted_loss(world, latents, levels, batch, predicted.view_as(latents), readout)


def weighted_loss(world, latents, levels, batch, predicted, readout):
    """The loss of an answer; `levels` `[clip, time]`. Nothing can be known of the first frame of a clip."""
    learning = world.config["learning"]
    read = (levels - world.observed_level).abs() < 1e-6
    weights = torch.where(read, KNOWN_WEIGHT, 0.3 + 0.7 * levels)
    weights[:, 0] = 0.0
    read = read.float()
    read[:, 0] = 0.0
    weights = change_weights(latents, learning["change_weight"]) * weights[:, :, None]
    error = (predicted - latents).square().mean(3)
    loss = (error * weights).mean() / weights.mean()
    if world.spec["rewards"]:
        loss = loss + learning["readout_weight"] * readout_loss(world, readout, batch, read)
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
