"""What others have reached on CIFAR-10 with a processor alone, as they report it.

Other machines, other splits: compare loosely.  Students' accuracies are those of their
best epoch on 1,000 validation images, with a standard error of 1.5 points.
"""

# Seconds and accuracy of students' solutions of this homework in public repositories,
# written with NumPy and Cython.  One epoch of the given network took them 380 to 570
# seconds on Colab (ten notebooks that kept their times).  Their accuracies: the lowest,
# the quartiles and the highest of 44 notebooks.
STUDENT_EPOCH = 382, 388, 456, 463, 491, 505, 520, 522, 527, 569
STUDENT_ACCURACIES = 0.617, 0.657, 0.668, 0.679, 0.713
STUDENT_EPOCHS = 3, 10  # which most of them train for; more than one is an estimate

# Name -> (seconds, accuracy on the test images).
PEERS = {
    "PyTorch, 2 convolutions, 8-core laptop (slatteryjim/cifar10-speedrun)": (
        197,
        0.7187,
    ),
    "PyTorch, the same with batchnorm": (298, 0.7183),
    "PyTorch, ResNet-18, 4 epochs, the same laptop": (3720, 0.649),
}


def student_box():
    """Give the region where students' best runs lie.

    Returns
    -------
    seconds : tuple of 2 floats
        Of 3 epochs in the fastest notebook, and 10 in the slowest: an estimate.
    accuracies : tuple of 5 floats
        Lowest, quartiles, highest.
    """
    fewest, most = STUDENT_EPOCHS
    seconds = fewest * min(STUDENT_EPOCH), most * max(STUDENT_EPOCH)
    return seconds, STUDENT_ACCURACIES
