package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.Collections;
import java.util.List;

/**
 * Axes in another order: y's axis i is x's axis {@code permutation[i]}.
 *
 * <p>Input: x of any dtype and rank up to 6. Output: y, its extents permuted. Errors: a permutation
 * that is none, or not of x's rank.
 */
public record Transpose(List<Integer> permutation) implements Op {
    private static final Checks CHECK = new Checks("transpose");

    public Transpose {
        permutation = List.copyOf(permutation);
        for (int i = 0; i < permutation.size(); i++) {
            CHECK.that(
                    permutation.contains(i),
                    "permutation",
                    permutation,
                    "each axis from 0 exactly once");
        }
    }

    /** The transposition of the last two axes of a tensor of this rank. */
    public static Transpose lastTwo(int rank) {
        CHECK.that(rank >= 2, "rank", rank, "rank >= 2");
        List<Integer> p = new java.util.ArrayList<>();
        for (int i = 0; i < rank; i++) {
            p.add(i);
        }
        Collections.swap(p, rank - 2, rank - 1);
        return new Transpose(p);
    }

    @Override
    public String name() {
        return "transpose";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.rank("x", in[0], permutation.size());
        CHECK.that(x.shape().rank() <= Strided.MAX_RANK, "x", x, "rank <= " + Strided.MAX_RANK);
        int[] d = new int[permutation.size()];
        for (int i = 0; i < d.length; i++) {
            d[i] = x.shape().dim(permutation.get(i));
        }
        return new TensorSpec[] {x.withShape(Shape.of(d))};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(0, in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Integer[] inverse = new Integer[permutation.size()];
        for (int i = 0; i < inverse.length; i++) {
            inverse[permutation.get(i)] = i;
        }
        return new Value[] {b.one(new Transpose(List.of(inverse)), b.gradOrZeros(0))};
    }
}
