from utils.receptive_field import Layer, chain, geometry, geometry_table

ALEXNET = [
    Layer(11, 4),
    Layer(3, 2, kind="pool"),
    Layer(5, 1, 2),
    Layer(3, 2, kind="pool"),
    *[Layer(3, 1, 1)] * 3,
    Layer(3, 2, kind="pool"),
]


def test_alexnet_as_published():
    rows = geometry(ALEXNET, 227)
    assert [row.size for row in rows] == [11, 19, 51, 67, 99, 131, 163, 195]
    assert [row.step for row in rows] == [4, 8, 8, 16, 16, 16, 16, 32]
    assert [-row.first for row in rows] == [0, 0, 16, 16, 32, 48, 64, 64]
    assert [row.units for row in rows] == [55, 27, 27, 13, 13, 13, 13, 6]


def test_half_padding_centres_unit_0_on_pixel_0():
    rows = geometry(chain([3, 5, 7], [2, 1, 2], [1, 2, 3]), 64)
    assert [row.centre for row in rows] == [0, 0, 0]
    assert geometry([Layer(2, 2, kind="pool")], 8)[0].centre == 0.5


def test_table_has_one_line_per_layer_and_the_numbers_of_geometry():
    lines = geometry_table(ALEXNET, 227).splitlines()
    assert len(lines) == 2 + len(ALEXNET)
    assert lines[-1].split()[-5:] == ["6", "195", "32", "-64", "33"]
    assert "3x3 pool, stride 2" in lines[-1]
    assert max(map(len, lines)) <= 79
