import numpy as np

from utils.cifar10.synthetic import CLASSES, draw_pictures


def test_format_is_that_of_cifar10():
    X_train, y_train, X_test, y_test = draw_pictures(200, 50)
    assert X_train.shape == (200, 3, 32, 32) and X_test.shape == (50, 3, 32, 32)
    assert X_train.dtype == X_test.dtype == np.uint8
    assert y_train.dtype == y_test.dtype == np.int64
    assert len(CLASSES) == len(set(CLASSES)) == 10


def test_every_class_is_equally_frequent_and_not_in_order():
    _, y_train, _, y_test = draw_pictures(200, 50)
    assert (np.bincount(y_train) == 20).all() and (np.bincount(y_test) == 5).all()
    assert (np.diff(y_train[:20]) != 0).any() and (y_train[:20] != range(20)).any()


def test_same_seed_same_pictures():
    first, again = draw_pictures(60, 20), draw_pictures(60, 20)
    other = draw_pictures(60, 20, seed=1)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first[0] != other[0]).any()


def test_no_test_picture_stands_among_the_training_pictures():
    X_train, _, X_test, _ = draw_pictures(300, 100)
    train = {picture.tobytes() for picture in X_train}
    assert len(train) == 300
    assert not any(picture.tobytes() in train for picture in X_test)


def test_fewer_pictures_than_classes():
    X_train, y_train, X_test, _ = draw_pictures(3, 1)
    assert X_train.shape[0] == 3 and X_test.shape[0] == 1 and y_train.max() <= 2


def test_shapes_are_as_often_dark_as_light():
    X, y, _, _ = draw_pictures(2000, 1)
    discs = X[y == CLASSES.index("disc")].astype(float)
    darker = discs[:, :, 14:18, 14:18].mean((1, 2, 3)) < discs[:, :, :4].mean((1, 2, 3))
    assert 0.35 < darker.mean() < 0.65


def test_learnable_but_not_by_a_linear_classifier():
    # Least squares on 16 x 16 pixels; chance is 10 %.
    X, y, X_test, y_test = draw_pictures(3000, 1000)
    rows = [A[:, :, ::2, ::2].reshape(len(A), -1) / 128 - 1 for A in (X, X_test)]
    targets = np.eye(10)[y] - 0.1
    gram = rows[0].T @ rows[0] + 100 * np.eye(rows[0].shape[1])
    scores = rows[1] @ np.linalg.solve(gram, rows[0].T @ targets)
    accuracy = (scores.argmax(axis=1) == y_test).mean()
    assert 0.15 < accuracy < 0.5
