package io.tatara.kernels.recurrent;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.Activation;

/** The argument checks that all ops of this room share. */
final class RecurrentChecks {
    private final Checks check;

    RecurrentChecks(String op) {
        check = new Checks(op);
    }

    void count(TensorSpec[] in, int n) {
        check.count(in, n, n);
    }

    void attributes(Direction direction, int truncation) {
        check.that(direction != null, "direction", direction, "a direction");
        check.that(truncation >= 0, "truncation", truncation, "0 (none) or a number of steps");
    }

    void activation(Activation a) {
        boolean ok = a == Activation.TANH || a == Activation.RELU || a == Activation.SIGMOID;
        check.that(ok, "activation", a, "TANH, RELU or SIGMOID");
    }

    /** Sizes of a sequence op whose weights stack this many gates. */
    Extents sequence(
            Direction direction,
            int gates,
            TensorSpec x,
            TensorSpec lengths,
            TensorSpec wIh,
            TensorSpec wHh) {
        check.floating("x", x);
        check.rank("x", x, 3);
        int d = direction.count();
        int n = x.shape().dim(1);
        if (lengths != null) {
            check.shape("lengths", lengths, DType.INT32, n);
        }
        check.rank("wHh", wHh, 3);
        int inputs = x.shape().dim(2);
        int hidden = wHh.shape().dim(2);
        features(x, inputs, wHh, hidden);
        check.shape("wIh", wIh, x.dtype(), d, gates * hidden, inputs);
        check.shape("wHh", wHh, x.dtype(), d, gates * hidden, hidden);
        return new Extents(x.shape().dim(0), n, inputs, hidden, direction);
    }

    /** Sizes of a cell, as those of a forward sequence of one step. */
    Extents cell(int gates, TensorSpec x, TensorSpec h, TensorSpec wIh, TensorSpec wHh) {
        check.floating("x", x);
        check.rank("x", x, 2);
        int n = x.shape().dim(0);
        check.rank("wHh", wHh, 2);
        int inputs = x.shape().dim(1);
        int hidden = wHh.shape().dim(1);
        features(x, inputs, wHh, hidden);
        check.shape("h", h, x.dtype(), n, hidden);
        check.shape("wIh", wIh, x.dtype(), gates * hidden, inputs);
        check.shape("wHh", wHh, x.dtype(), gates * hidden, hidden);
        return new Extents(1, n, inputs, hidden, Direction.FORWARD);
    }

    private void features(TensorSpec x, int inputs, TensorSpec wHh, int hidden) {
        check.that(inputs >= 1, "x", x, "at least one feature");
        check.that(hidden >= 1, "wHh", wHh, "at least one hidden unit");
    }

    void same(String arg, TensorSpec s, TensorSpec want) {
        check.same(arg, s, want);
    }

    void optional(String arg, TensorSpec s, TensorSpec want) {
        if (s != null) {
            check.same(arg, s, want);
        }
    }

    /** The gradient of input i where it is wanted. */
    static Value wanted(Backprop b, int i, Value gradient) {
        return b.needs(i) ? gradient : null;
    }
}
