package io.tatara.kernels.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * One invocation of an op with the way its inputs are drawn. From a case come the correctness test
 * on each back end, the gradient test and, where it is marked so, the benchmark. Built by chaining;
 * immutable.
 */
public final class Case {
    /** An input: null spec where absent. {@code differentiable}: finite differences may vary it. */
    public record Input(TensorSpec spec, Data data, boolean differentiable) {}

    private final String name;
    private final Op op;
    private final List<Input> inputs;
    private final boolean exact;
    private final boolean gradient;
    private final String bench;
    private final boolean large;
    private final int reduction;
    private final double tolerance;

    private Case(
            String name,
            Op op,
            List<Input> inputs,
            boolean exact,
            boolean gradient,
            String bench,
            boolean large,
            int reduction,
            double tolerance) {
        this.name = name;
        this.op = op;
        this.inputs = List.copyOf(inputs);
        this.exact = exact;
        this.gradient = gradient;
        this.bench = bench;
        this.large = large;
        this.reduction = reduction;
        this.tolerance = tolerance;
    }

    /** A case of this op, as yet without inputs; its gradient is tested where the op has one. */
    public static Case of(String name, Op op) {
        return new Case(name, op, List.of(), false, true, null, false, 1, 0);
    }

    /** Adds an input drawn from the standard normal distribution. */
    public Case in(TensorSpec spec) {
        return in(spec, Data.normal());
    }

    public Case in(TensorSpec spec, Data data) {
        return add(new Input(spec, data, spec.dtype().isFloating()));
    }

    /** Adds an input that finite differences must leave alone (masks, seeds, hyper-parameters). */
    public Case fixed(TensorSpec spec, Data data) {
        return add(new Input(spec, data, false));
    }

    /** Adds an absent optional input. */
    public Case absent() {
        return add(new Input(null, null, false));
    }

    private Case add(Input input) {
        List<Input> list = new ArrayList<>(inputs);
        list.add(input);
        return new Case(name, op, list, exact, gradient, bench, large, reduction, tolerance);
    }

    /** Results must equal the reference's to the last bit (after rounding to the dtype). */
    public Case exact() {
        return new Case(name, op, inputs, true, gradient, bench, large, reduction, tolerance);
    }

    /** No gradient test (not smooth here, NaN in the data, too large). */
    public Case noGradient() {
        return new Case(name, op, inputs, exact, false, bench, large, reduction, tolerance);
    }

    /** Only a benchmark: real sizes. Not part of the correctness suite, no gradient test. */
    public Case bench() {
        return bench("standard");
    }

    /**
     * As {@link #bench()}, in a suite that is measured where it is asked for.
     *
     * @param suite such as {@code deepbench}; {@code standard} is measured where none is named
     */
    public Case bench(String suite) {
        return new Case(name, op, inputs, exact, false, suite, large, reduction, tolerance);
    }

    /** Left out of a quick check and of runs on a simulator. */
    public Case large() {
        return new Case(name, op, inputs, exact, gradient, bench, true, reduction, tolerance);
    }

    /**
     * Number of terms that are summed for an output element: the tolerance grows with its square
     * root.
     */
    public Case reduction(int terms) {
        return new Case(name, op, inputs, exact, gradient, bench, large, terms, tolerance);
    }

    /**
     * A tolerance of its own instead of float32's rounding level; say why beside the case. For
     * results of 16-bit types twice their unit round-off comes on top.
     */
    public Case tolerance(double t) {
        return new Case(name, op, inputs, exact, gradient, bench, large, reduction, t);
    }

    public String name() {
        return name;
    }

    public Op op() {
        return op;
    }

    public List<Input> inputs() {
        return inputs;
    }

    public boolean isExact() {
        return exact;
    }

    public boolean testsGradient() {
        return gradient && op.differentiable() && inputs.stream().anyMatch(Input::differentiable);
    }

    public boolean isBench() {
        return bench != null;
    }

    /** The suite of benchmarks that the case belongs to, null where it is none. */
    public String suite() {
        return bench;
    }

    public boolean isLarge() {
        return large;
    }

    /**
     * The same case with its float32 inputs in another type, such as float16: drawn alike and
     * rounded to it. Only for ops whose other inputs and attributes may stay as they are.
     */
    public Case as(DType dtype) {
        return as(dtype, name + " " + dtype);
    }

    /** As above, under another name. */
    public Case as(DType dtype, String named) {
        List<Input> list = new ArrayList<>();
        for (Input i : inputs) {
            boolean real = i.spec() != null && i.spec().dtype() == DType.FLOAT32;
            list.add(real ? new Input(i.spec().withDType(dtype), i.data(), i.differentiable()) : i);
        }
        return new Case(named, op, list, exact, gradient, bench, large, reduction, tolerance);
    }

    /** These cases, and those with the given names once more in float16 and in bfloat16. */
    public static List<Case> withHalves(List<Case> cases, String... names) {
        Set<String> wanted = new HashSet<>(List.of(names));
        List<Case> all = new ArrayList<>(cases);
        for (Case c : cases) {
            if (wanted.remove(c.name)) {
                all.add(c.as(DType.FLOAT16));
                all.add(c.as(DType.BFLOAT16));
            }
        }
        if (!wanted.isEmpty()) {
            throw new IllegalArgumentException("no cases " + wanted);
        }
        return all;
    }

    /**
     * Largest {@link Comparison#error} allowed for outputs of this dtype: float32's rounding level,
     * for float16 and bfloat16 twice their unit round-off besides (they are storage: the sums are
     * float32's, and the correctly rounded result is off by one unit at most).
     */
    public double tolerance(DType dtype) {
        if (exact || dtype == DType.INT32) {
            return 0;
        }
        DType arithmetic = dtype.isHalf() ? DType.FLOAT32 : dtype;
        double rounding =
                tolerance > 0 ? tolerance : arithmetic.roundoff() * (8 + 2 * Math.sqrt(reduction));
        return dtype.isHalf() ? 2 * dtype.roundoff() + rounding : rounding;
    }

    public TensorSpec[] specs() {
        return inputs.stream().map(Input::spec).toArray(TensorSpec[]::new);
    }

    /** Draws the inputs; the same seed gives the same numbers. */
    public RefArray[] draw(long seed) {
        RandomGenerator random = new SplittableRandom(seed * 31 + name.hashCode());
        RefArray[] a = new RefArray[inputs.size()];
        for (int i = 0; i < a.length; i++) {
            Input in = inputs.get(i);
            if (in.spec() == null) {
                continue;
            }
            a[i] = RefArray.zeros(in.spec());
            in.data().fill(a[i].data(), random);
            Rounding.round(a[i]);
        }
        return a;
    }

    @Override
    public String toString() {
        return op.name() + "/" + name;
    }
}
