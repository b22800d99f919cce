"""The residual blocks and their relatives, two 3x3 convolutions deep.

Every block maps float [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride].
Attributes are named as in torchvision's ResNet, so that weights can be exchanged.
"""

from torch import Tensor, cat, nn


def conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Return a convolution without bias that keeps the size at stride 1."""
    return nn.Conv2d(
        in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False
    )


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


class MultiPathBlock(nn.Module):
    """Two paths of half the channels, 3x3 and 5x5, concatenated, plus shortcut, then ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        half = out_channels // 2
        self.path3 = self._path(in_channels, half, 3, stride)
        self.path5 = self._path(in_channels, half, 5, stride)
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
        return self.relu(cat((self.path3(x), self.path5(x)), dim=1) + shortcut)


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
