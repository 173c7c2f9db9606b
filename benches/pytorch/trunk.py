"""The transformer of `dit` (worlds/src/dit/trunk.rs): noisy latents, the frame before and actions to clean latents.

Modules have the names of the Rust structs, so that a checkpoint's names are those of `state_dict`.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

WAVES = 16
# The least share of the way that can be told, as a power of one half.
MOST_HALVINGS = 10.0
# What the reader says before the bins of its reward: the logarithm of the frame's error, and the logit of the ending.
ENDING, BINS = 1, 2
EPSILON = 1e-6
SPACE_BASE = 100.0
TIME_BASE = 1000.0


def rotary(positions, head_dim, base):
    """Tables `(cos, ±sin)` of `[position, head_dim]`; the pairs of a head are shared out among the axes in turn."""
    positions = torch.as_tensor(positions, dtype=torch.float64)
    half, axes = head_dim // 2, positions.shape[1]
    pair = torch.arange(half)
    exponent = (pair // axes).double() / (half / axes)
    angles = positions[:, pair % axes] * base**-exponent
    cos, sin = angles.cos(), angles.sin()
    return torch.cat((cos, cos), 1).float(), torch.cat((-sin, sin), 1).float()


def rotated(x, cos, sin):
    """Half-split pairs: `(a, b)` to `(a cos - b sin, b cos + a sin)`."""
    a, b = x.chunk(2, dim=-1)
    return torch.addcmul(x * cos, torch.cat((b, a), dim=-1), sin)


def rms_norm(x):
    return F.rms_norm(x, x.shape[-1:], eps=EPSILON)


def modulate(x, shift, scale):
    """`scale` has its 1 already."""
    return torch.addcmul(shift, rms_norm(x), scale)


def sinusoid(values):
    """Sines, then cosines, of geometric frequencies: `[value, 2 * WAVES]`."""
    frequencies = math.pi * 500.0 ** (torch.arange(WAVES, device=values.device) / WAVES)
    angles = values[:, None] * frequencies
    return torch.cat((angles.sin(), angles.cos()), dim=1)


class Conditioner(nn.Module):
    """A two-layer perceptron from features to a condition."""

    def __init__(self, features, dim):
        super().__init__()
        self.first = nn.Linear(features, dim)
        self.second = nn.Linear(dim, dim)

    def forward(self, features):
        return self.second(F.silu(self.first(features)))


class FeedForward(nn.Module):
    """`narrow(relu(widen(x))²)`."""

    def __init__(self, dim, hidden):
        super().__init__()
        self.widen = nn.Linear(dim, hidden)
        self.narrow = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.narrow(F.relu(self.widen(x)).square())


class Heads(nn.Module):
    """What both attentions share: projections, normed and rotated."""

    def __init__(self, dim, heads):
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.query_gain = nn.Parameter(torch.ones(dim // heads))
        self.key_gain = nn.Parameter(torch.ones(dim // heads))
        self.out = nn.Linear(dim, dim)
        self.heads = heads

    def placed(self, x, cos, sin):
        """Queries, keys and values, `[frame, token, head, head_dim]` each, of `x` `[frame, token, dim]`."""
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).unbind(2)
        q = rotated(rms_norm(q) * self.query_gain, cos, sin)
        return q, rotated(rms_norm(k) * self.key_gain, cos, sin), v


class SpaceAttention(nn.Module):
    """Attention among the tokens of a frame; the last `readers` tokens see all and are seen by none."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = Heads(dim, heads)

    def forward(self, x, readers, places):
        q, k, v = (part.transpose(1, 2) for part in self.heads.placed(x, *places))
        seen = x.shape[1] - readers
        mixed = F.scaled_dot_product_attention(q, k[:, :, :seen], v[:, :, :seen])
        return self.heads.out(mixed.transpose(1, 2).flatten(2))


class TimeAttention(nn.Module):
    """Attention of each token over the same token of earlier frames; `times` says which those are."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = Heads(dim, heads)

    def forward(self, x, times, layer):
        q, k, v = self.heads.placed(x, times.cos, times.sin)
        return self.heads.out(times.attend(layer, q, k, v).reshape(x.shape))


class Clip:
    """Times of whole clips: frame `t` sees the frames `t - context + 1 ..= t`."""

    def __init__(self, batch, time, context, head_dim):
        self.time = time
        tables = rotary([[t] for t in range(time)], head_dim, TIME_BASE)
        self.cos, self.sin = (table.repeat(batch, 1)[:, None, None] for table in tables)
        back = torch.arange(time)[:, None] - torch.arange(time)
        self.mask = torch.zeros(time, time).masked_fill((back < 0) | (back >= context), -1e9)

    def attend(self, _layer, q, k, v):
        """`[batch * time, token, head, head_dim]` each; tokens and heads are one axis of independent sequences."""
        q, k, v = (x.unflatten(0, (-1, self.time)).flatten(2, 3).transpose(1, 2) for x in (q, k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask)
        return mixed.transpose(1, 2).flatten(0, 1)


class Block(nn.Module):
    """Space attention, time attention in every second block, and feed-forward, each modulated and gated."""

    def __init__(self, trunk, has_time):
        super().__init__()
        dim, heads = trunk["dim"], trunk["heads"]
        self.space = SpaceAttention(dim, heads)
        self.time = TimeAttention(dim, heads) if has_time else None
        self.feed_forward = FeedForward(dim, trunk["hidden"])
        self.offsets = nn.Parameter(torch.zeros(9, dim))

    def forward(self, x, shared, ones, readers, places, times, layer):
        """`shared` is `[frame, 9, 1, dim]`, `ones` adds the 1 of every scale."""
        s0, c0, g0, s1, c1, g1, s2, c2, g2 = (shared + (self.offsets + ones)[:, None]).unbind(1)
        x = torch.addcmul(x, self.space(modulate(x, s0, c0), readers, places), g0)
        if self.time is not None:
            x = torch.addcmul(x, self.time(modulate(x, s1, c1), times, layer), g1)
        return torch.addcmul(x, self.feed_forward(modulate(x, s2, c2)), g2)


class Trunk(nn.Module):
    """The network; `trunk` is that table of `config.toml`."""

    def __init__(self, trunk, grid, token_dim, features, rewards):
        super().__init__()
        dim, self.registers = trunk["dim"], trunk["registers"]
        rows, columns = grid
        latents, self.readers = rows * columns, 1
        tokens = latents + 1 + self.registers + self.readers
        self.enter = nn.Linear(2 * token_dim, dim)
        self.places = nn.Parameter(torch.zeros(tokens, dim))
        self.action_token = nn.Linear(features, dim)
        self.action_condition = Conditioner(features, dim)
        self.level_condition = Conditioner(4 * WAVES, dim)
        self.modulation = nn.Linear(dim, 9 * dim)
        self.blocks = nn.ModuleList(Block(trunk, idx % 2 == 1) for idx in range(trunk["depth"]))
        self.leave = nn.Linear(dim, token_dim)
        self.heads = nn.Linear(dim, BINS + (trunk["bins"] if rewards else 0))
        places = [[idx // columns, idx % columns] for idx in range(latents)]
        places += [[rows + idx, columns] for idx in range(tokens - latents)]
        cos, sin = rotary(places, dim // trunk["heads"], SPACE_BASE)
        self.register_buffer("cos", cos[:, None], persistent=False)
        self.register_buffer("sin", sin[:, None], persistent=False)
        ones = torch.tensor([0.0, 1.0, 0.0] * 3)[:, None]
        self.register_buffer("ones", ones, persistent=False)

    def forward(self, noisy, previous, actions, told, times):
        """`noisy` and `previous` `[frame, token, token_dim]`, `actions` `[frame, features]`.

        `told` is two times `[frame]`: how far each frame is on its way from noise, and which share of it the pass is to
        go. Gives the clean latents and what the reader says, `[frame, 2 + bins]`.
        """
        frame, latents, _ = noisy.shape
        x = self.tokens(torch.cat((noisy, previous), dim=2), actions)
        levels, shares = told
        waves = sinusoid(levels), sinusoid(-shares.log2() / MOST_HALVINGS)
        level = self.level_condition(torch.cat(waves, dim=1))
        shared = self.modulation(F.silu(level + self.action_condition(actions))).view(frame, 9, 1, -1)
        layer = 0
        for block in self.blocks:
            x = block(x, shared, self.ones, self.readers, (self.cos, self.sin), times, layer)
            layer += block.time is not None
        x = rms_norm(x)
        # The frame before is the anchor.
        return self.leave(x[:, :latents]) + previous, self.heads(x[:, -1])

    def tokens(self, latents, actions):
        """Latents, the action token, and blank ones: `[frame, all tokens, dim]`."""
        seen, action = self.enter(latents), self.action_token(actions)[:, None]
        blank = seen.new_zeros(seen.shape[0], self.registers + self.readers, seen.shape[2])
        return torch.cat((seen, action, blank), dim=1) + self.places
