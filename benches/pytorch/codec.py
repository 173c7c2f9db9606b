"""The codec of `dit` (worlds/src/dit/codec.rs): one picture to a small grid of latents and back."""

import torch
import torch.nn.functional as F
from torch import nn


class ResidualConv(nn.Module):
    """x + conv(relu(conv(relu(x))))."""

    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.second(F.relu(self.first(F.relu(x)), inplace=True))


class Codec(nn.Module):
    """Enc and Dec of one camera; pictures are `[picture, 3, height, width]` in [-1, 1]."""

    def __init__(self, fine, coarse, blocks, latent):
        super().__init__()
        self.enter = nn.Conv2d(48, fine, 3, padding=1)
        self.shrink = nn.Conv2d(fine, coarse, 3, stride=2, padding=1)
        self.seen = nn.ModuleList(ResidualConv(coarse) for _ in range(blocks))
        self.squeeze = nn.Conv2d(coarse, latent, 1)
        self.unsqueeze = nn.Conv2d(latent, coarse, 3, padding=1)
        self.coarse = nn.ModuleList(ResidualConv(coarse) for _ in range(blocks))
        self.grow = nn.Conv2d(coarse, 4 * fine, 1)
        self.fine = nn.ModuleList(ResidualConv(fine) for _ in range(blocks))
        self.leave = nn.Conv2d(fine, 48, 3, padding=1)

    def encode(self, pictures):
        """To `[picture, latent, height / 8, width / 8]` in (-1, 1)."""
        x = F.pixel_unshuffle(pictures, 4).contiguous(memory_format=torch.channels_last)
        x = self.shrink(F.relu(self.enter(x), inplace=True))
        for block in self.seen:
            x = block(x)
        return torch.tanh(self.squeeze(F.relu(x)))

    def decode(self, latents):
        """The inverse of `encode`, as well as it can be."""
        x = self.unsqueeze(latents.contiguous(memory_format=torch.channels_last))
        for block in self.coarse:
            x = block(x)
        x = F.pixel_shuffle(self.grow(F.relu(x)), 2)
        for block in self.fine:
            x = block(x)
        return F.pixel_shuffle(self.leave(F.relu(x)), 4)


def to_unit(pictures):
    """Bytes to [-1, 1]."""
    return pictures.float().mul_(1.0 / 127.5).sub_(1.0)


def to_bytes(pictures):
    """[-1, 1] to bytes."""
    return pictures.add(1.0).mul_(127.5).clamp_(0.0, 255.0).round_().to(torch.uint8)


def to_tokens(latents):
    """`[picture, latent, height, width]` to tokens of 2x2 latent pixels: `[picture, token, 4 * latent]`."""
    return F.pixel_unshuffle(latents, 2).flatten(2).transpose(1, 2)


def from_tokens(tokens, grid):
    """The inverse of `to_tokens`; `grid` counts tokens down and across."""
    return F.pixel_shuffle(tokens.transpose(1, 2).unflatten(2, grid), 2)
