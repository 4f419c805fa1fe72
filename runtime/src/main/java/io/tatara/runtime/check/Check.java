package io.tatara.runtime.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Comparison;
import io.tatara.runtime.UnsupportedOpException;
import io.tatara.runtime.spi.BackEndDevice;

/** One check of the suite, not yet run: a case of an op, its outputs or its gradient. */
public abstract sealed class Check permits OutputCheck, GradientCheck, SkippedCheck {
    final BackEndDevice device;
    final Case c;
    private final Result.Kind kind;

    Check(BackEndDevice device, Case c, Result.Kind kind) {
        this.device = device;
        this.c = c;
        this.kind = kind;
    }

    public String op() {
        return c.op().name();
    }

    /** The case's name. */
    public String name() {
        return c.name();
    }

    public Result.Kind kind() {
        return kind;
    }

    /**
     * What a check found: the worst comparison, and why it is a failure (empty where it is none).
     */
    record Finding(double error, double tolerance, String where, String failure) {
        static final Finding NOTHING = new Finding(0, 0, "", "");

        boolean worseThan(Finding o) {
            if (failure.isEmpty() != o.failure.isEmpty()) {
                return !failure.isEmpty();
            }
            int strain =
                    Double.compare(
                            Result.strain(error, tolerance), Result.strain(o.error, o.tolerance));
            return strain > 0 || (strain == 0 && tolerance > o.tolerance);
        }
    }

    abstract Finding find();

    /**
     * Runs it; whatever goes wrong within is in the result. Skipped where the device has no kernel.
     */
    public Result run() {
        long start = System.nanoTime();
        try {
            Finding f = find();
            Result.Status status =
                    f.failure.isEmpty() ? Result.Status.PASSED : Result.Status.FAILED;
            return result(status, f.error, f.tolerance, f.where, start, f.failure, null);
        } catch (UnsupportedOpException e) {
            String message = e.getMessage();
            return result(Result.Status.SKIPPED, Double.NaN, Double.NaN, "", start, message, null);
        } catch (RuntimeException | Error e) {
            String message = e.getMessage() == null ? e.getClass().getName() : e.getMessage();
            return result(Result.Status.FAILED, Double.NaN, Double.NaN, "", start, message, e);
        }
    }

    Result result(
            Result.Status status,
            double error,
            double tolerance,
            String where,
            long start,
            String message,
            Throwable cause) {
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new Result(
                op(), name(), kind, status, error, tolerance, where, seconds, message, cause);
    }

    /**
     * Judges one tensor; {@code error} may differ from the comparison's where it is measured on
     * another scale.
     */
    static Finding judge(
            String what, TensorSpec spec, Comparison d, double error, double tolerance) {
        String where = d.worst() < 0 ? "" : what + position(spec.shape(), d.worst());
        // Written so that a NaN fails.
        boolean good = error <= tolerance;
        String failure =
                good
                        ? ""
                        : String.format(
                                "%s: error %.3g exceeds %.3g; got %.9g, want %.9g",
                                where, error, tolerance, d.got(), d.want());
        return new Finding(error, tolerance, where, failure);
    }

    /** Row-major position of an element, such as {@code [3, 17]}. */
    static String position(Shape shape, int element) {
        int[] index = new int[shape.rank()];
        int rest = element;
        for (int a = shape.rank() - 1; a >= 0; a--) {
            index[a] = rest % shape.dim(a);
            rest /= shape.dim(a);
        }
        return java.util.Arrays.toString(index);
    }

    static GuardedMemory.Cell[] upload(GuardedMemory memory, RefArray[] a, boolean weights) {
        GuardedMemory.Cell[] cells = new GuardedMemory.Cell[a.length];
        for (int i = 0; i < a.length; i++) {
            if (a[i] != null) {
                cells[i] = memory.input(a[i], weights && a[i].spec().dtype() != DType.INT32);
            }
        }
        return cells;
    }

    @Override
    public String toString() {
        return op() + "/" + name() + " " + kind.name().toLowerCase(java.util.Locale.ROOT);
    }
}
