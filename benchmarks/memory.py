"""Print how many megabytes some training steps add to a process of their own.

python -m benchmarks.memory NET N SIZE SIDE        SIDE: ours, torch cl, torch nchw

Counted from the moment when all libraries are loaded and a batch is there.
"""

import sys
from pathlib import Path


def peak_megabytes():
    """Give the largest amount of memory that this process has used so far."""
    try:  # getrusage would count the memory of the process that started this one
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 2**10
    except (OSError, IndexError):
        import resource

        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(name, N, size, side):
    """Train three steps; print the growth of the largest memory used."""
    from benchmarks import nets
    from benchmarks.step import batches

    if side != "ours":
        import torch

        from benchmarks import models, rivals
        from utils.kernels import threads

        torch.set_num_threads(threads.count())
        source = nets.Net(name, size)  # only its weights are needed
    ((x, labels),) = batches(1, N, size)
    if side != "ours":
        images = rivals.images_to_torch(x, rivals.LAYOUTS[side])
        batch = images, torch.from_numpy(labels)
    before = peak_megabytes()
    if side == "ours":
        net = nets.Net(name, size)
        for _ in range(3):
            net.step(x, labels)
    else:
        model = models.Model(name, source, side)
        for _ in range(3):
            model.step(*batch)
    print(peak_megabytes() - before)


if __name__ == "__main__":
    name, N, size, *side = sys.argv[1:]
    main(name, int(N), int(size), " ".join(side))
