package io.tatara.kernels.matmul;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.SumTo;
import java.util.ArrayList;
import java.util.List;

/**
 * Matrix product c = activation(op(a) · op(b) + bias) + residual.
 *
 * <p>Inputs: a […, m, k] ([…, k, m] where {@code transposeA}), b […, k, n] ([…, n, k] where {@code
 * transposeB}), bias? [n], residual? of c's shape; the optional ones may be left out at the end.
 * All of one floating dtype, a and b of rank ≥ 2. Batch axes (all but the last two) broadcast by
 * the usual rule. Output: c […, m, n]. With k = 0 the product is 0.
 *
 * <p>The gradient is made of products with the right transposes, summed over broadcast axes; the
 * activation's is taken from the saved output where that tells it, else the sum before it is
 * computed again.
 *
 * @param transposeA whether a's last two axes are exchanged
 * @param transposeB whether b's last two axes are exchanged
 * @param epilogue what follows
 * @param precision how exactly float32 products are computed; the gradient's products likewise
 */
public record MatMul(boolean transposeA, boolean transposeB, Epilogue epilogue, Precision precision)
        implements Op {
    private static final Checks CHECK = new Checks("matmul");

    public MatMul {
        if (epilogue == null) {
            throw new OpException(
                    "matmul", "epilogue", "null", "an epilogue, Epilogue.NONE for none");
        }
        if (precision == null) {
            throw new OpException("matmul", "precision", "null", "a precision");
        }
    }

    /** In strict precision. */
    public MatMul(boolean transposeA, boolean transposeB, Epilogue epilogue) {
        this(transposeA, transposeB, epilogue, Precision.STRICT);
    }

    /** a · b. */
    public static MatMul plain() {
        return of(false, false);
    }

    /** op(a) · op(b). */
    public static MatMul of(boolean transposeA, boolean transposeB) {
        return new MatMul(transposeA, transposeB, Epilogue.NONE);
    }

    @Override
    public String name() {
        return "matmul";
    }

    /** The input, null where it is absent or left out at the end. */
    static <T> T optional(T[] in, int i) {
        return i < in.length ? in[i] : null;
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 4);
        TensorSpec a = CHECK.floating("a", CHECK.rankAtLeast("a", in[0], 2));
        TensorSpec b = CHECK.floating("b", CHECK.rankAtLeast("b", in[1], 2));
        CHECK.dtype("b", b, a.dtype());
        Shape x = a.shape();
        Shape y = b.shape();
        int m = x.dim(transposeA ? -1 : -2);
        int k = x.dim(transposeA ? -2 : -1);
        int n = y.dim(transposeB ? -2 : -1);
        CHECK.that(y.dim(transposeB ? -1 : -2) == k, "b", b, "k = " + k + " as a " + a + " has it");
        Shape batch = Shape.broadcast(x.slice(0, x.rank() - 2), y.slice(0, y.rank() - 2));
        CHECK.that(batch != null, "b", b, "batch axes that broadcast with those of a " + a);
        TensorSpec c = a.withShape(batch.append(m, n));
        if (optional(in, 2) != null) {
            CHECK.shape("bias", in[2], a.dtype(), n);
        }
        if (optional(in, 3) != null) {
            CHECK.same("residual", in[3], c);
        }
        return new TensorSpec[] {c};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        double k = in[0].shape().dim(transposeA ? -2 : -1);
        int more = epilogue.activation() == Activation.NONE ? 0 : 1;
        more += optional(in, 2) == null ? 0 : 1;
        more += optional(in, 3) == null ? 0 : 1;
        return Cost.of(out[0].size() * (2 * k + more), in, out);
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop g) {
        Value[] d = new Value[4];
        Value dy = g.grad(0);
        if (dy == null) {
            return d;
        }
        Value a = g.input(0);
        Value b = g.input(1);
        d[3] = g.needs(3) ? dy : null;
        Value dz = beforeActivation(g, a, b, dy);
        if (g.needs(0)) {
            Value da =
                    transposeA
                            ? g.one(again(transposeB, true), b, dz)
                            : g.one(again(false, !transposeB), dz, b);
            d[0] = SumTo.emit(g, da, a.spec().shape());
        }
        if (g.needs(1)) {
            d[1] = gradientOfB(g, a, b.spec().shape(), dz);
        }
        if (g.needs(2)) {
            d[2] = SumTo.emit(g, dz, g.input(2).spec().shape());
        }
        return d;
    }

    private MatMul again(boolean ta, boolean tb) {
        return new MatMul(ta, tb, Epilogue.NONE, precision);
    }

    private Value beforeActivation(Backprop g, Value a, Value b, Value dy) {
        Activation f = epilogue.activation();
        if (f == Activation.NONE) {
            return dy;
        }
        Value saved = g.output(0);
        if (!f.derivativeFromResult() || g.input(3) != null) {
            // With a residual the output is no longer the activation's result, and taking it off
            // would
            // leave its rounding errors behind.
            Epilogue e = f.derivativeFromResult() ? epilogue : Epilogue.NONE;
            saved = g.one(new MatMul(transposeA, transposeB, e, precision), a, b, g.input(2), null);
        }
        return g.one(new ActivationGradient(f), saved, dy);
    }

    private Value gradientOfB(Backprop g, Value a, Shape b, Value dz) {
        Shape x = a.spec().shape();
        Shape z = dz.spec().shape();
        boolean shared = b.product(0, b.rank() - 2) == 1 && x.rank() == z.rank() && x.size() > 0;
        if (shared && !transposeA && x.slice(0, x.rank() - 2).equals(z.slice(0, z.rank() - 2))) {
            // One matrix for the whole batch (a weight): the sum over the batch is part of one
            // product.
            int k = x.dim(-1);
            int n = z.dim(-1);
            int rows = x.product(0, x.rank() - 1);
            List<Integer> ones = new ArrayList<>();
            List<Integer> zeros = new ArrayList<>();
            for (int i = 0; i < b.rank() - 2; i++) {
                ones.add(1);
                zeros.add(0);
            }
            MatrixLayout right = new MatrixLayout(0, zeros, n, 1);
            MatrixLayout left = new MatrixLayout(0, zeros, 1, k);
            return transposeB
                    ? g.one(
                            new MatMulStrided(
                                    right.transposed(),
                                    left.transposed(),
                                    ones,
                                    n,
                                    k,
                                    rows,
                                    precision),
                            dz,
                            a)
                    : g.one(new MatMulStrided(left, right, ones, k, n, rows, precision), a, dz);
        }
        Value db =
                transposeB
                        ? g.one(again(true, transposeA), dz, a)
                        : g.one(again(!transposeA, false), a, dz);
        return SumTo.emit(g, db, b);
    }
}
