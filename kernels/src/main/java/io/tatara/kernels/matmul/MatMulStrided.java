package io.tatara.kernels.matmul;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.SumTo;
import java.util.ArrayList;
import java.util.List;

/**
 * Products of matrices that stand as strided views in larger tensors (heads of an attention, time
 * steps of a sequence), without a copy: c[i…] = A(i…) · B(i…).
 *
 * <p>Inputs: a and b of any shape, of one floating dtype, large enough for their layouts. Output: c
 * [batch…, m, n], dense. Both layouts have one batch stride an axis of {@code batch}; 0 repeats a
 * matrix.
 *
 * <p>The gradient exists where no element of a tensor is used twice by its layout, repetition by
 * batch strides of 0 excepted; else {@link StridedScatter} refuses.
 *
 * @param a where A [m, k] stands in input 0
 * @param b where B [k, n] stands in input 1
 * @param batch extents of the batch axes
 * @param precision how exactly float32 products are computed
 */
public record MatMulStrided(
        MatrixLayout a,
        MatrixLayout b,
        List<Integer> batch,
        int m,
        int n,
        int k,
        Precision precision)
        implements Op {
    private static final Checks CHECK = new Checks("matmul_strided");

    public MatMulStrided {
        CHECK.that(a != null, "a", "null", "a layout");
        CHECK.that(b != null, "b", "null", "a layout");
        batch = List.copyOf(batch);
        CHECK.that(m >= 0 && n >= 0 && k >= 0, "m, n, k", m + ", " + n + ", " + k, "numbers >= 0");
        CHECK.that(batch.stream().allMatch(e -> e >= 0), "batch", batch, "extents >= 0");
        int axes = batch.size();
        CHECK.that(a.batchStrides().size() == axes, "a", a, axes + " batch strides");
        CHECK.that(b.batchStrides().size() == axes, "b", b, axes + " batch strides");
        CHECK.that(precision != null, "precision", "null", "a precision");
    }

    /** In strict precision. */
    public MatMulStrided(MatrixLayout a, MatrixLayout b, List<Integer> batch, int m, int n, int k) {
        this(a, b, batch, m, n, k, Precision.STRICT);
    }

    @Override
    public String name() {
        return "matmul_strided";
    }

    private Shape shape(int rows, int columns) {
        return Shape.of(batch.stream().mapToInt(Integer::intValue).toArray()).append(rows, columns);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.floating("a", in[0]);
        CHECK.dtype("b", in[1], in[0].dtype());
        CHECK.that(
                a.last(batch, m, k) < in[0].size(),
                "a",
                in[0],
                "more than " + a.last(batch, m, k) + " elements");
        CHECK.that(
                b.last(batch, k, n) < in[1].size(),
                "b",
                in[1],
                "more than " + b.last(batch, k, n) + " elements");
        return new TensorSpec[] {in[0].withShape(shape(m, n))};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        return Cost.of(2.0 * out[0].size() * k, in, out);
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop g) {
        Value[] d = new Value[2];
        if (g.grad(0) == null) {
            return d;
        }
        MatrixLayout dc = MatrixLayout.dense(batch, m, n);
        if (g.needs(0)) {
            Value x =
                    g.one(
                            new MatMulStrided(dc, b.transposed(), batch, m, k, n, precision),
                            g.grad(0),
                            g.input(1));
            d[0] = scatter(g, x, a, m, k, g.input(0).spec().shape());
        }
        if (g.needs(1)) {
            Value x =
                    g.one(
                            new MatMulStrided(a.transposed(), dc, batch, k, n, m, precision),
                            g.input(0),
                            g.grad(0));
            d[1] = scatter(g, x, b, k, n, g.input(1).spec().shape());
        }
        return d;
    }

    /** Sums over repeated matrices, then puts what is left into its places. */
    private Value scatter(
            Backprop g, Value x, MatrixLayout layout, int rows, int columns, Shape target) {
        List<Integer> extents = new ArrayList<>();
        Shape sum = shape(rows, columns);
        for (int i = 0; i < batch.size(); i++) {
            boolean repeated = layout.batchStrides().get(i) == 0 && batch.get(i) > 0;
            extents.add(repeated ? 1 : batch.get(i));
            sum = sum.with(i, extents.get(i));
        }
        return g.one(
                new StridedScatter(layout, extents, rows, columns, target), SumTo.emit(g, x, sum));
    }
}
