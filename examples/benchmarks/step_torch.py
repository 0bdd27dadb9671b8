"""The steps of step.py in PyTorch eager; started by that script.

It reads the name of a method from standard input, times some steps and prints the seconds per step,
line by line. Arguments: filters, batch size, steps per timing, learning rate, γ.
"""

import sys

import torch
from penalties_torch import LATENT, answer, build
from torch import nn


def make_step(filters, batch_size, rate, gamma):
    """Function that updates both players at once, along v - γ∇½‖v‖² for γ > 0."""
    torch.manual_seed(0)
    generator, discriminator = build(filters)
    players = [list(generator.parameters()), list(discriminator.parameters())]
    variables = players[0] + players[1]
    optimizer = torch.optim.RMSprop(variables, rate, alpha=0.9, eps=1e-7)
    real = torch.randn(batch_size, 3, 32, 32).clip(-1, 1)
    softplus = nn.functional.softplus

    def step():
        d_fake = discriminator(generator(torch.randn(batch_size, LATENT)))
        losses = softplus(-d_fake).mean(), softplus(-discriminator(real)).mean()
        losses = losses[0], losses[1] + softplus(d_fake).mean()
        gradients = []
        for loss, player in zip(losses, players, strict=True):
            options = {"create_graph": bool(gamma), "retain_graph": True}
            gradients += torch.autograd.grad(loss, player, **options)
        if gamma:
            energy = sum((g**2).sum() for g in gradients) / 2
            # No product in v has the last bias and a variable: its second derivative is 0.
            second = torch.autograd.grad(energy, variables, allow_unused=True)
            pairs = zip(gradients, second, strict=True)
            gradients = [g if h is None else g.detach() + gamma * h for g, h in pairs]
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.grad = gradient.detach()
        optimizer.step()

    return step


def main():
    """Answers requests for the steps of each method."""
    filters, batch_size, steps = map(int, sys.argv[1:4])
    rate, gamma = map(float, sys.argv[4:])
    variants = {
        "simultaneous": make_step(filters, batch_size, rate, 0.0),
        "consensus": make_step(filters, batch_size, rate, gamma),
    }
    answer(variants, steps)


if __name__ == "__main__":
    main()
