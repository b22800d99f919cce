"""What a network costs: its parameters and its multiply-adds."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def count_multiply_adds(network: nn.Module, image_size: int) -> int:
    """Return the multiply-adds of one forward pass of one image [3, image_size, image_size].

    Counted by ``torch.utils.flop_counter``, which counts two operations for a multiply-add, in
    convolutions and matrix products. The network is left in the mode it was in.
    """
    parameter = next(network.parameters())
    image = torch.zeros(1, 3, image_size, image_size, device=parameter.device)
    training = network.training
    network.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)
    network.train(training)
    return counter.get_total_flops() // 2
