"""1x1 convolutions of a stride, kept from a fault of oneDNN that corrupts memory.

In PyTorch 2.14.1 the gradient of such a convolution's weight, for images in channels_last on a
processor, is written past its memory where there are fewer channels than oneDNN takes at once: 8
with AVX2, 16 with AVX512 (https://github.com/uxlfoundation/oneDNN/issues/6035). The process dies
then or later, or goes on with wrong gradients. Convolutions of stride 1 do not have the fault.
"""

from torch import Tensor, nn
from torch.nn.functional import conv2d

# With as many channels oneDNN is safe on every processor, and faster than taking pixels first.
SAFE_CHANNELS = 16


class SubsamplingConv2d(nn.Conv2d):
    """A 1x1 convolution without padding that takes the pixels of its stride, then convolves them.

    It computes what ``nn.Conv2d`` does, with the same parameters.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map float [B, in_channels, H, W] to [B, out_channels, ⌈H / stride⌉, ⌈W / stride⌉]."""
        rows, columns = self.stride
        return conv2d(x[..., ::rows, ::columns], self.weight, self.bias, groups=self.groups)


def is_unsafe(layer: nn.Module) -> bool:
    """Return whether training a layer may corrupt memory.

    A layer that computes in a way of its own is not judged.
    """
    return (
        isinstance(layer, nn.Conv2d)
        and type(layer).forward is nn.Conv2d.forward
        and type(layer)._conv_forward is nn.Conv2d._conv_forward
        and layer.kernel_size == (1, 1)
        and layer.stride != (1, 1)
        and layer.padding in ((0, 0), "valid")
        and layer.in_channels // layer.groups < SAFE_CHANNELS
    )


def guard_convolutions(network: nn.Module) -> None:
    """Let every unsafe layer of a network, or the layer itself, be a ``SubsamplingConv2d``.

    In place: nothing else of a layer changes, neither its name nor its weights.
    """
    for layer in network.modules():
        if is_unsafe(layer):
            layer.__class__ = _let_subsample(type(layer))


def _let_subsample(kind: type[nn.Module]) -> type[nn.Module]:
    """Return the guarded class of a layer, which keeps what a class of others adds to it."""
    if kind is nn.Conv2d:
        return SubsamplingConv2d
    return type(kind.__name__, (SubsamplingConv2d, kind), {})
