package io.tatara.kernels.norm;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;

/**
 * What {@link LayerNorm} and {@link RmsNorm} have in common, so that each kernel is written once.
 *
 * @param centered whether the mean is taken away
 */
record NormCall(boolean centered, float epsilon, float dropout, boolean sum) {
    static final int X = 0;
    static final int RESIDUAL = 1;
    static final int SCALE = 2;

    static final int Y = 0;
    static final int STATISTICS = 1;
    static final int SUM = 2;

    static NormCall of(LayerNorm op) {
        return new NormCall(true, op.epsilon(), op.dropout(), op.sum());
    }

    static NormCall of(RmsNorm op) {
        return new NormCall(false, op.epsilon(), op.dropout(), op.sum());
    }

    static void attributes(Checks check, float epsilon, float dropout) {
        check.that(
                epsilon >= 0 && epsilon < Float.POSITIVE_INFINITY,
                "epsilon",
                epsilon,
                "a finite number >= 0");
        dropout(check, dropout);
    }

    static void dropout(Checks check, float dropout) {
        check.that(dropout >= 0 && dropout <= 1, "dropout", dropout, "a probability in [0, 1]");
    }

    /** The seed, there exactly where something is dropped. */
    static void seed(Checks check, float dropout, TensorSpec seed) {
        if (dropout > 0) {
            check.shape("seed", seed, DType.INT32, 2);
        } else {
            check.that(seed == null, "seed", seed, "nothing, since dropout is 0");
        }
    }

    /** What kept elements are multiplied by. */
    static float keep(float dropout) {
        return dropout == 1 ? 0 : (float) (1 / (1 - (double) dropout));
    }

    /** Place of the shift among the inputs; only where {@link #centered}. */
    static int shift() {
        return 3;
    }

    int seed() {
        return centered ? 4 : 3;
    }

    /** One or two float32 numbers for each row of x. */
    static TensorSpec statistics(boolean centered, TensorSpec x) {
        Shape rows = x.shape().slice(0, x.shape().rank() - 1);
        if (!centered) {
            return new TensorSpec(DType.FLOAT32, rows);
        }
        int[] dims = java.util.Arrays.copyOf(rows.toArray(), rows.rank() + 1);
        dims[rows.rank()] = 2;
        return new TensorSpec(DType.FLOAT32, Shape.of(dims));
    }

    static int rows(TensorSpec x) {
        return x.shape().product(0, x.shape().rank() - 1);
    }

    static int width(TensorSpec x) {
        return x.shape().dim(-1);
    }

    TensorSpec[] infer(Checks check, TensorSpec... in) {
        check.count(in, seed() + 1, seed() + 1);
        check.floating("x", in[X]);
        TensorSpec x = check.rankAtLeast("x", in[X], 1);
        optional(check, "residual", in[RESIDUAL], x);
        optional(check, "scale", in[SCALE], x.withShape(x.shape().dim(-1)));
        if (centered) {
            optional(check, "shift", in[shift()], x.withShape(x.shape().dim(-1)));
        }
        seed(check, dropout, in[seed()]);
        check.that(
                !sum || in[RESIDUAL] != null || dropout > 0,
                "sum",
                true,
                "false where there is neither residual nor dropout: z is x itself");
        TensorSpec statistics = statistics(centered, x);
        return sum ? new TensorSpec[] {x, statistics, x} : new TensorSpec[] {x, statistics};
    }

    static void optional(Checks check, String arg, TensorSpec s, TensorSpec want) {
        if (s != null) {
            check.same(arg, s, want);
        }
    }

    /**
     * The gradient rule.
     *
     * @param op the op of the gradient
     */
    Value[] gradient(Backprop b, Op op, boolean scale, boolean shift) {
        Value[] g =
                b.emit(
                        op,
                        sum ? b.output(SUM) : sumAgain(b),
                        b.input(SCALE),
                        b.input(seed()),
                        b.output(STATISTICS),
                        b.gradOrZeros(Y),
                        b.grad(STATISTICS),
                        sum ? b.grad(SUM) : null);
        int next = dropout > 0 ? 2 : 1;
        Value[] all = new Value[seed() + 1];
        all[X] = g[next - 1];
        all[RESIDUAL] = b.needs(RESIDUAL) ? g[0] : null;
        all[SCALE] = scale ? g[next++] : null;
        if (shift) {
            all[shift()] = g[next];
        }
        return all;
    }

    /** z where it is no output: x, or computed once more. */
    private Value sumAgain(Backprop b) {
        if (b.input(RESIDUAL) == null && dropout == 0) {
            return b.input(X);
        }
        Expr z = new Expr.Input(0);
        if (b.input(RESIDUAL) == null) {
            return b.one(
                    new Pointwise(Exprs.dropout(z, 1, dropout), 2), b.input(X), b.input(seed()));
        }
        if (dropout == 0) {
            Expr with = new Expr.Binary(BinaryOp.ADD, z, new Expr.Input(1));
            return b.one(new Pointwise(with, 2), b.input(X), b.input(RESIDUAL));
        }
        Expr with = new Expr.Binary(BinaryOp.ADD, Exprs.dropout(z, 2, dropout), new Expr.Input(1));
        return b.one(new Pointwise(with, 3), b.input(X), b.input(RESIDUAL), b.input(seed()));
    }
}
