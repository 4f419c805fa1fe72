package io.tatara.kernels.conv;

/**
 * How {@link PairTiles} filters along one axis: two sums of three taps of a row of elements d₀, d₁,
 * … with taps g₀, g₁, g₂.
 *
 * <p>Stride 1 is F(2, 3) of Lavin and Gray 2016, by the points 0, ±1 and ∞: four products for six.
 *
 * <p>Stride 2 parts the row: even elements meet g₀ and g₂, two taps of stride 1, for which F(2, 2)
 * by the points 0, 1 and ∞ takes (d₀ − d₂) g₀, d₂ (g₀ + g₂) and (d₄ − d₂) g₂; odd ones meet g₁ and
 * add d₁ g₁ to the first of these and d₃ g₁ to the last, so that the sums are those of neighbours
 * of three places: five products for six, none of whose constants is rounded.
 *
 * <p>Along both axes a place is a matrix product over the channels of the source, as many times as
 * it has layers. The planes of one place follow each other.
 *
 * @param stride of the sums
 * @param values transformed elements, and taps
 * @param places sums of products
 * @param place that a value belongs to
 * @param layer which of those of its place it is
 * @param layers of a place
 */
record TileForm(int stride, int values, int places, int[] place, int[] layer, int[] layers) {
    static final TileForm ONE =
            new TileForm(
                    1,
                    4,
                    4,
                    new int[] {0, 1, 2, 3},
                    new int[] {0, 0, 0, 0},
                    new int[] {1, 1, 1, 1});

    static final TileForm TWO =
            new TileForm(
                    2,
                    5,
                    3,
                    new int[] {0, 0, 1, 2, 2},
                    new int[] {0, 1, 0, 0, 1},
                    new int[] {2, 1, 2});

    /** Elements of a row that two sums see. */
    int window() {
        return stride + 3;
    }

    /** Elements from a pair of sums to the next, and parts of a row. */
    int step() {
        return 2 * stride;
    }

    /** Layers of a place of both axes, which is {@link #places} · its row + its column. */
    int layers(int at) {
        return layers[at / places] * layers[at % places];
    }

    /** Planes before those of a place. */
    int before(int at) {
        int planes = 0;
        for (int p = 0; p < at; p++) {
            planes += layers(p);
        }
        return planes;
    }

    /** The place of a pair of values. */
    int at(int down, int along) {
        return place[down] * places + place[along];
    }

    /** Which layer of its place a pair of values is. */
    int layer(int down, int along) {
        return layer[down] * layers[place[along]] + layer[along];
    }

    /** All planes. */
    int planes() {
        return values * values;
    }
}
