"""The network of Table I, row by row, and the alternatives that the paper leaves open."""

from torch import Tensor, nn

from genre_lib.config import ModelSettings
from genre_lib.speed.layers import accelerate


class HybridNet(nn.Module):
    """CNN, bidirectional LSTM, self-attention, two linear layers.

    Parameters
    ----------
    fast
        Whether blocks and dropout run on a CPU in the way that needs the least memory traffic.
        The mathematics is the same; what dropout draws is not.
    """

    def __init__(self, settings: ModelSettings, *, n_classes: int = 10, fast: bool = True) -> None:
        super().__init__()
        self.settings = settings
        by_text = settings.conv_dropout == "text"  # Section IV-B: after each block; Table I: once
        width = 2 * settings.hidden_size  # forward and backward
        self.block1 = conv_block(settings.channels, 16, dropout=0.4 if by_text else 0.0)
        self.block2 = conv_block(16, 32, dropout=0.4 if by_text else 0.0)
        self.conv_dropout = nn.Dropout(0.0 if by_text else 0.5)
        if settings.lstm:
            self.lstm = nn.LSTM(32 * 32, settings.hidden_size, batch_first=True, bidirectional=True)
        else:
            self.projection = nn.Linear(32 * 32, width)
        if settings.attention:
            self.attention = nn.MultiheadAttention(width, settings.heads, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.attention_dropout = nn.Dropout(0.4)
        self.hidden = nn.Linear(width, 128)
        self.hidden_dropout = nn.Dropout(0.4)
        self.output = nn.Linear(128, n_classes)
        if fast:
            accelerate(self)

    def forward(self, images: Tensor) -> Tensor:
        """Map images in [0, 1], shape (B, 1, 128, 128), to logits, shape (B, n_classes).

        The sequence axis of LSTM and attention is time: the columns of the image.
        """
        x = images.expand(-1, self.settings.channels, -1, -1)  # (B, channels, 128, 128)
        x = self.block1(x)  # (B, 16, 64, 64)
        x = self.block2(x)  # (B, 32, 32, 32): channel, band, time
        x = self.conv_dropout(x)
        x = x.permute(0, 3, 1, 2).flatten(2)  # (B, 32, 1024): time, channel x band
        x = self.lstm(x)[0] if self.settings.lstm else self.projection(x)  # (B, 32, 128)
        if self.settings.attention:
            attended, _ = self.attention(x, x, x, need_weights=False)  # (B, 32, 128)
            x = x + attended if self.settings.residual else attended
        x = self.norm(x)
        x = self.attention_dropout(x)
        x = self.pool(x)  # (B, 128)
        x = self.hidden(x)
        x = self.hidden_dropout(x)
        return self.output(x)  # (B, n_classes)

    def pool(self, x: Tensor) -> Tensor:
        """Reduce the time axis, (B, 32, 128) to (B, 128); Table I does not say how."""
        if self.settings.pooling == "mean":
            return x.mean(dim=1)
        return x[:, -1] if self.settings.pooling == "last" else x.amax(dim=1)


def conv_block(channels: int, filters: int, *, dropout: float) -> nn.Sequential:
    """Rows 1 and 2 of Table I: halves height and width."""
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel_size=3, padding=1),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(dropout),
    )


def count_parameters(module: nn.Module) -> int:
    """Number of trained values of a module."""
    return sum(parameter.numel() for parameter in module.parameters())
