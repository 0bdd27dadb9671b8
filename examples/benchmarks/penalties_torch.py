"""The discriminator's update of penalties.py in PyTorch eager; started by that script.

It reads the name of a variant from standard input, times some updates and prints the seconds per
update, line by line. Arguments: filters, batch size, updates per timing, learning rate, γ.
"""

import sys
import time

import torch
from torch import nn

PENALTIES = {"none": (False, False), "R1": (True, False), "R1 + R2": (True, True)}
LATENT = 256


class SameConv(nn.Module):
    """A 5×5 convolution of stride 2 with TensorFlow's "same" padding."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 5, stride=2)

    def forward(self, x):
        """Pads one more pixel right and below than left and above."""
        return self.convolution(nn.functional.pad(x, (1, 2, 1, 2)))


def build(filters):
    """dcgan4_nobn: 4,832,387 and 4,308,609 parameters for 64 filters."""
    widths = [filters * 2**i for i in range(4)]
    layers, inputs = [], 3
    for width in widths:
        layers += [SameConv(inputs, width), nn.LeakyReLU(0.2)]
        inputs = width
    discriminator = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * widths[-1], 1))
    layers = [nn.Linear(LATENT, 4 * widths[-1]), nn.Unflatten(1, (widths[-1], 2, 2)), nn.ReLU()]
    inputs = widths[-1]
    for width in [*reversed(widths[:-1]), 3]:
        layers += [nn.ConvTranspose2d(inputs, width, 5, 2, 2, output_padding=1)]
        layers += [nn.Tanh() if width == 3 else nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers), discriminator


def make_step(filters, batch_size, rate, gamma, r1, r2):
    """Function that updates the discriminator once."""
    torch.manual_seed(0)
    generator, discriminator = build(filters)
    optimizer = torch.optim.RMSprop(discriminator.parameters(), rate, alpha=0.9, eps=1e-7)
    real = torch.randn(batch_size, 3, 32, 32).clip(-1, 1)

    def step():
        with torch.no_grad():
            fake = generator(torch.randn(batch_size, LATENT))
        inputs = [x.detach().requires_grad_(use) for x, use in ((real, r1), (fake, r2))]
        d_real, d_fake = (discriminator(x) for x in inputs)
        loss = nn.functional.softplus(-d_real).mean() + nn.functional.softplus(d_fake).mean()
        for x, logits in zip(inputs, (d_real, d_fake), strict=True):
            if x.requires_grad:
                (g,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
                loss = loss + gamma / 2 * (g**2).sum(dim=(1, 2, 3)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def answer(variants, steps):
    """Times the variants that standard input names, until it ends."""
    for line in sys.stdin:
        step = variants[line.strip()]
        start = time.perf_counter()
        for _ in range(steps):
            step()
        print((time.perf_counter() - start) / steps, flush=True)


def main():
    """Answers requests for the updates with each penalty."""
    filters, batch_size, steps = map(int, sys.argv[1:4])
    rate, gamma = map(float, sys.argv[4:])
    variants = {
        name: make_step(filters, batch_size, rate, gamma, *options)
        for name, options in PENALTIES.items()
    }
    answer(variants, steps)


if __name__ == "__main__":
    main()
