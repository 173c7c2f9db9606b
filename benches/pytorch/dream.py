"""A world in motion (worlds/src/dit/dream.rs): lanes side by side, with the keys and values of past frames in a ring.

The place of a frame in the ring does not matter, since keys are rotated before they are kept: the newest frame
overwrites the oldest, and no memory is moved. All passes of a step write the same place; the last one, which reads the
frame that was drawn and commits it, stays.
"""

import torch
import torch.nn.functional as F

from codec import to_bytes
from model import noised
from objective import clip_features, noise_beside, previous_frames
from trunk import TIME_BASE, Clip, rotary

FORBIDDEN = -1e9


class Ring:
    """What time attention sees of the past, for `Trunk.forward`."""

    def __init__(self, world, lanes):
        trunk = world.config["trunk"]
        self.context, self.head_dim = trunk["context"], world.head_dim
        layers, sequences = trunk["depth"] // 2, len(world.trunk.places) * trunk["heads"]
        # [layer, keys and values, lane, token and head, slot, head_dim]
        self.kept = torch.zeros(layers, 2, lanes, sequences, self.context, world.head_dim)
        self.position = torch.zeros(lanes, dtype=torch.int64)
        self.slot = 0
        self.begin()

    def begin(self):
        """Places the frame that comes next: its rotation, and which slots each lane may see."""
        cos, sin = rotary(self.position[:, None], self.head_dim, TIME_BASE)
        self.cos, self.sin = cos[:, None, None], sin[:, None, None]
        if int(self.position.min()) >= self.context - 1:
            self.mask = None
        else:
            age = (self.slot - torch.arange(self.context)) % self.context
            unknown = age > self.position[:, None]
            self.mask = torch.zeros(unknown.shape).masked_fill(unknown, FORBIDDEN)[:, None, None]

    def attend(self, layer, q, k, v):
        """`[lane, token, head, head_dim]` of the newest frame."""
        keys, values = self.kept[layer]
        keys[:, :, self.slot] = k.flatten(1, 2)
        values[:, :, self.slot] = v.flatten(1, 2)
        return F.scaled_dot_product_attention(q.flatten(1, 2)[:, :, None], keys, values, attn_mask=self.mask)

    def commit(self):
        """The frame is over."""
        self.position += 1
        self.slot = (self.slot + 1) % self.context


class Seen(Clip):
    """A whole context in one pass, whose keys and values go into the slots of a ring."""

    def __init__(self, ring, lanes, time):
        super().__init__(lanes, time, ring.context, ring.head_dim)
        self.ring = ring
        self.kept = min(time, ring.context)
        self.slots = torch.arange(time - self.kept, time) % ring.context

    def attend(self, layer, q, k, v):
        for memory, new in zip(self.ring.kept[layer], (k, v)):
            clip = new.unflatten(0, (-1, self.time))[:, -self.kept :].flatten(2, 3)
            memory[:, :, self.slots] = clip.transpose(1, 2)
        return super().attend(layer, q, k, v)


class Dream:
    """Lanes that have seen a context of `[lane, time]` pictures in [-1, 1] and the actions taken at them."""

    def __init__(self, world, pictures, actions, noise=torch.randn):
        self.world, self.noise = world, noise
        lanes, time = pictures.shape[:2]
        trunk = world.config["trunk"]
        latents = world.encode(pictures.flatten(0, 1)).unflatten(0, (lanes, time))
        known = torch.ones(lanes, time, dtype=torch.bool)
        features = clip_features(actions, known, world.reach)
        # The last action of a context is not taken yet: the first step gives the one that follows the last frame.
        self.history = features.view(lanes, time, world.reach, world.width + 1)[:, -1].clone()
        level = world.observed_level
        self.ring = Ring(world, lanes)
        world.trunk(
            noised(latents, noise(latents.shape), level).flatten(0, 1),
            previous_frames(latents, noise(latents.shape), level).flatten(0, 1),
            features,
            world.told(lanes * time, level, world.finest_share),
            Seen(self.ring, lanes, time),
        )
        self.ring.position += time
        self.ring.slot = time % trunk["context"]
        self.latest = latents[:, -1]
        self.passes = trunk["passes"]

    def step(self, actions):
        """Takes `[lane, width]` actions; gives latents, and rewards and chances of ending where there are any."""
        world, noise = self.world, self.noise
        taken = torch.cat((actions, actions.new_ones(len(actions), 1)), dim=1)
        self.history = torch.cat((taken[:, None], self.history[:, :-1]), dim=1)
        features = self.history.flatten(1)
        noisy = noise(self.latest.shape)
        level, lanes = world.observed_level, len(actions)
        previous = self.latest + noise(self.latest.shape) * noise_beside(level)
        self.ring.begin()
        for done in range(self.passes):
            told = world.told(lanes, done / self.passes, 1.0 / self.passes)
            predicted, _ = world.trunk(noisy, previous, features, told, self.ring)
            noisy = torch.lerp(noisy, predicted, 1.0 / (self.passes - done))
        self.latest = world.bounded(noisy)
        known = noised(self.latest, noise(self.latest.shape), level)
        _, readout = world.trunk(known, previous, features, world.told(lanes, level, world.finest_share), self.ring)
        self.ring.commit()
        return self.latest, *world.said(readout)

    def decode(self):
        """The newest frames as bytes, `[lane, 3, height, width]`."""
        return to_bytes(self.world.decode(self.latest))
