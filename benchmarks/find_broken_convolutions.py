"""Find the convolutions that corrupt memory on this machine.

    python benchmarks/find_broken_convolutions.py

Trains a 1x1 convolution of stride 2 in channels_last for every small number of channels, each in
a process of its own, and says which processes died. Timbang's networks stay at 8 channels and
more because of what this prints.
"""

import multiprocessing

STEPS, BATCH, LARGEST = 200, 32, 16


def train_convolution(channels: int, side: int) -> None:
    """Run a convolution forward and backward; heap corruption ends the process."""
    import torch

    torch.set_num_threads(1)
    layer = torch.nn.Conv2d(channels, 2 * channels, 1, stride=2, bias=False)
    layer = layer.to(memory_format=torch.channels_last)
    for _ in range(STEPS):
        images = torch.randn(BATCH, channels, side, side)
        images = images.to(memory_format=torch.channels_last).requires_grad_()
        layer(images).sum().backward()


def main() -> None:
    """Print one line for each number of channels."""
    processes = multiprocessing.get_context("spawn")
    for channels in range(2, LARGEST + 1):
        codes = []
        for side in (8, 16):
            process = processes.Process(target=train_convolution, args=(channels, side))
            process.start()
            process.join()
            codes.append(process.exitcode)
        verdict = "died" if any(codes) else "fine"
        print(f"{channels} channels: {verdict} (exit codes {codes})", flush=True)


if __name__ == "__main__":
    main()
