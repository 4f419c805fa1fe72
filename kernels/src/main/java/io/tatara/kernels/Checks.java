package io.tatara.kernels;

/** The argument checks that all ops share, so that they all speak alike. */
public final class Checks {
    private final String op;

    public Checks(String op) {
        this.op = op;
    }

    /** Number of inputs between min and max. */
    public void count(TensorSpec[] in, int min, int max) {
        if (in.length < min || in.length > max) {
            throw fail(
                    "inputs",
                    in.length + " inputs",
                    min == max ? min + " inputs" : min + " to " + max + " inputs");
        }
    }

    /** Input present. */
    public TensorSpec present(String arg, TensorSpec s) {
        if (s == null) {
            throw fail(arg, "nothing", "a tensor");
        }
        return s;
    }

    /** Input present and of a floating type. */
    public TensorSpec floating(String arg, TensorSpec s) {
        if (!present(arg, s).dtype().isFloating()) {
            throw fail(arg, s, "a floating-point dtype");
        }
        return s;
    }

    /** Input present and of this dtype. */
    public TensorSpec dtype(String arg, TensorSpec s, DType d) {
        if (present(arg, s).dtype() != d) {
            throw fail(arg, s, "dtype " + d);
        }
        return s;
    }

    public TensorSpec rank(String arg, TensorSpec s, int rank) {
        if (present(arg, s).shape().rank() != rank) {
            throw fail(arg, s, "rank " + rank);
        }
        return s;
    }

    public TensorSpec rankAtLeast(String arg, TensorSpec s, int rank) {
        if (present(arg, s).shape().rank() < rank) {
            throw fail(arg, s, "rank >= " + rank);
        }
        return s;
    }

    /** Exactly this spec. */
    public TensorSpec same(String arg, TensorSpec s, TensorSpec want) {
        if (!present(arg, s).equals(want)) {
            throw fail(arg, s, want.toString());
        }
        return s;
    }

    /** This dtype and shape. */
    public TensorSpec shape(String arg, TensorSpec s, DType d, int... dims) {
        return same(arg, s, new TensorSpec(d, Shape.of(dims)));
    }

    public void that(boolean ok, String arg, Object given, String expected) {
        if (!ok) {
            throw fail(arg, given, expected);
        }
    }

    public int axis(String arg, int axis, Shape s) {
        that(axis >= -s.rank() && axis < s.rank(), arg, axis, "an axis of " + s);
        return axis < 0 ? axis + s.rank() : axis;
    }

    public OpException fail(String arg, Object given, String expected) {
        return new OpException(op, arg, given, expected);
    }
}
