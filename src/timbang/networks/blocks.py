"""The residual blocks and their relatives: two 3x3 convolutions, or a bottleneck of three.

Every block maps float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride].
Attributes are named as in torchvision's ResNet, so that weights can be exchanged.
"""

from functools import partial

from torch import Tensor, cat, nn

from timbang.networks.convolutions import guard_convolutions

# A bottleneck's output has so many times the channels of its 3x3 convolution.
EXPANSION = 4


def conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Return a convolution without bias that keeps the size at stride 1."""
    layer = nn.Conv2d(
        in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False
    )
    guard_convolutions(layer)
    return layer


def project(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """Return the shortcut's 1x1 convolution and BN, or None where the identity fits.

    He et al. 2015 (arXiv 1512.03385), section 3.3, option B.
    """
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(conv(in_channels, out_channels, 1, stride), nn.BatchNorm2d(out_channels))


class PlainBlock(nn.Module):
    """conv3-BN-ReLU-conv3-BN-ReLU without a shortcut (He et al. 2015, section 3.3)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv(in_channels, out_channels, 3, stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv(out_channels, out_channels, 3)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride]."""
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)))


class ResidualBlock(nn.Module):
    """conv3-BN-ReLU-conv3-BN plus shortcut, then ReLU (He et al. 2015, section 3.2)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv(in_channels, out_channels, 3, stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv(out_channels, out_channels, 3)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = project(in_channels, out_channels, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + shortcut)


class PathsBlock(nn.Module):
    """Two paths of half the channels, concatenated, plus shortcut, then ReLU.

    Args:
        in_channels: of the input.
        out_channels: of the output; even.
        stride: of the first convolution of each path and of the shortcut.
        kernels: the side of each path's convolutions, 3 and 5 in the published Multi-Path block.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, kernels: tuple[int, int]
    ) -> None:
        super().__init__()
        half = out_channels // 2
        self.paths = nn.ModuleList(
            self._path(in_channels, half, kernel, stride) for kernel in kernels
        )
        self.downsample = project(in_channels, out_channels, stride)
        self.relu = nn.ReLU(inplace=True)

    @staticmethod
    def _path(in_channels: int, out_channels: int, kernel: int, stride: int) -> nn.Sequential:
        return nn.Sequential(
            conv(in_channels, out_channels, kernel, stride),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            conv(out_channels, out_channels, kernel),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(cat([path(x) for path in self.paths], dim=1) + shortcut)


MultiPathBlock = partial(PathsBlock, kernels=(3, 5))
# The control of Multi-Path: as many paths, one size of kernel.
TwinPathBlock = partial(PathsBlock, kernels=(3, 3))


class PreActivationBlock(nn.Module):
    """BN-ReLU-conv3-BN-ReLU-conv3 plus shortcut (He et al. 2016, arXiv 1603.05027, figure 4e).

    As in the published study, a shortcut that changes the shape is a bare 1x1 convolution of
    the block's input.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = conv(in_channels, out_channels, 3, stride)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv(out_channels, out_channels, 3)
        same = stride == 1 and in_channels == out_channels
        self.downsample = None if same else conv(in_channels, out_channels, 1, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.conv1(self.relu(self.bn1(x)))
        return self.conv2(self.relu(self.bn2(out))) + shortcut


class PlainBottleneck(nn.Module):
    """conv1-BN-ReLU-conv3-BN-ReLU-conv1-BN-ReLU without a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        inner = out_channels // EXPANSION
        self.conv1 = conv(in_channels, inner, 1)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = conv(inner, inner, 3, stride)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = conv(inner, out_channels, 1)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride]."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        return self.relu(self.bn3(self.conv3(out)))


class ResidualBottleneck(PlainBottleneck):
    """The plain bottleneck with a shortcut before its last ReLU (He et al. 2015, figure 5).

    The stride is in the 3x3 convolution, as in torchvision's ResNet, not in the first 1x1.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, stride)
        self.downsample = project(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        return self.relu(self.bn3(self.conv3(out)) + shortcut)


class PreActivationBottleneck(nn.Module):
    """BN-ReLU before each of conv1, conv3, conv1, plus shortcut (He et al. 2016, appendix).

    A shortcut that changes the shape is a bare 1x1 convolution of the block's input, as in
    ``PreActivationBlock``.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        inner = out_channels // EXPANSION
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = conv(in_channels, inner, 1)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv2 = conv(inner, inner, 3, stride)
        self.bn3 = nn.BatchNorm2d(inner)
        self.conv3 = conv(inner, out_channels, 1)
        same = stride == 1 and in_channels == out_channels
        self.downsample = None if same else conv(in_channels, out_channels, 1, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.conv1(self.relu(self.bn1(x)))
        out = self.conv2(self.relu(self.bn2(out)))
        return self.conv3(self.relu(self.bn3(out))) + shortcut
