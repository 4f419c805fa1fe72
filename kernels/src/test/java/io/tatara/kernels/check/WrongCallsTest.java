package io.tatara.kernels.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Thousands of wrong calls: the inputs of every case are changed at random, and the op must either
 * take them and tell sound outputs, or refuse with an exception of this library. Anything else is a
 * hole in its checks.
 */
class WrongCallsTest {
    private static final int TRIALS = 200;
    private static final int[] EXTENTS = {
        0,
        1,
        2,
        3,
        7,
        64,
        1000,
        32768,
        46341,
        65536,
        1 << 20,
        1 << 30,
        Shape.MAX_SIZE,
        Integer.MAX_VALUE
    };

    @TestFactory
    List<DynamicTest> noWrongCallGetsPastTheChecks() {
        List<DynamicTest> tests = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            tests.add(DynamicTest.dynamicTest(e.name(), () -> wrongCalls(e)));
        }
        return tests;
    }

    /** An op without checks. */
    private record Careless() implements Op {
        @Override
        public String name() {
            return "careless";
        }

        @Override
        public TensorSpec[] infer(TensorSpec... in) {
            return new TensorSpec[] {TensorSpec.f32(in[0].size() / in[1].size())};
        }

        @Override
        public Cost cost(TensorSpec... in) {
            return new Cost(0, 0);
        }
    }

    @Test
    void holesAreSeen() {
        Case c = Case.of("case", new Careless()).in(TensorSpec.f32(4)).in(TensorSpec.f32(2));
        OpEntry<Careless> e =
                new OpEntry<>(
                        Careless.class,
                        "careless",
                        (op, in, out) -> {},
                        List.of(),
                        List.of(),
                        () -> List.of(c));
        assertThatThrownBy(() -> wrongCalls(e))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("careless/case")
                .hasMessageContaining("NullPointerException")
                .hasMessageContaining("ArrayIndexOutOfBoundsException")
                .hasMessageContaining("ArithmeticException");
    }

    private static <O extends Op> void wrongCalls(OpEntry<O> e) {
        // One example for each way to fail, however many trials found it.
        Map<String, String> failures = new LinkedHashMap<>();
        for (Case c : e.cases().get()) {
            if (c.isBench()) {
                continue;
            }
            O op = e.type().cast(c.op());
            SplittableRandom random = new SplittableRandom(c.toString().hashCode());
            for (int trial = 0; trial < TRIALS; trial++) {
                TensorSpec[] specs = changed(c.specs(), random);
                try {
                    call(e, op, specs);
                } catch (TataraException refused) {
                    assertThat(refused.getMessage()).isNotBlank();
                } catch (RuntimeException
                        | AssertionError
                        | StackOverflowError
                        | OutOfMemoryError x) {
                    failures.putIfAbsent(
                            x.getClass() + " " + where(x),
                            c + " with " + Arrays.toString(specs) + ": " + x + " at " + where(x));
                }
            }
        }
        assertThat(failures.values())
                .as("wrong calls of %s that got past its checks", e.name())
                .isEmpty();
    }

    private static <O extends Op> void call(OpEntry<O> e, O op, TensorSpec[] specs) {
        TensorSpec[] given = specs.clone();
        TensorSpec[] out = op.infer(specs);
        assertThat(out).as("outputs").isNotNull().doesNotContainNull();
        assertThat(specs).as("the caller's array").isEqualTo(given);
        for (int j = 0; j < out.length; j++) {
            int alias = op.alias(j);
            if (alias >= 0) {
                assertThat(out[j])
                        .as("output %d, in place of input %d", j, alias)
                        .isEqualTo(specs[alias]);
            }
        }
        Cost cost = op.cost(specs);
        assertThat(cost.flops()).as("flops").isBetween(0.0, Double.MAX_VALUE);
        assertThat(cost.bytes()).as("bytes").isBetween(0.0, Double.MAX_VALUE);
        for (JvmKernel<O> k : e.jvm()) {
            k.supports(op, specs);
        }
        for (GpuKernel<O> k : e.gpu()) {
            k.supports(op, specs, GpuTraits.MINIMAL_OPENCL);
        }
    }

    private static String where(Throwable x) {
        return Arrays.stream(x.getStackTrace())
                .filter(f -> f.getClassName().startsWith("io.tatara"))
                .findFirst()
                .map(StackTraceElement::toString)
                .orElse("an unknown place");
    }

    private static TensorSpec[] changed(TensorSpec[] right, SplittableRandom random) {
        List<TensorSpec> specs = new ArrayList<>(Arrays.asList(right));
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            change(specs, random);
        }
        return specs.toArray(TensorSpec[]::new);
    }

    private static void change(List<TensorSpec> specs, SplittableRandom random) {
        if (specs.isEmpty()) {
            specs.add(random.nextBoolean() ? null : spec(random));
            return;
        }
        int at = random.nextInt(specs.size());
        TensorSpec s = specs.get(at);
        switch (random.nextInt(12)) {
            case 0 -> specs.remove(at);
            case 1 -> specs.add(at, s);
            case 2 -> specs.add(spec(random));
            case 3 -> specs.set(at, null);
            case 4 -> specs.set(at, spec(random));
            case 5 -> Collections.swap(specs, at, random.nextInt(specs.size()));
            case 6 -> specs.set(at, specs.get(random.nextInt(specs.size())));
            case 7 -> specs.set(at, s == null ? null : new TensorSpec(dtype(random), s.shape()));
            case 8 -> specs.set(at, s == null ? null : reshaped(s, s.shape().rank() - 1, random));
            case 9 -> specs.set(at, s == null ? null : reshaped(s, s.shape().rank() + 1, random));
            case 10 -> sameExtentEverywhere(specs, random);
            default -> specs.set(at, s == null ? null : oneExtent(s, random));
        }
    }

    private static DType dtype(SplittableRandom random) {
        return DType.values()[random.nextInt(DType.values().length)];
    }

    private static TensorSpec spec(SplittableRandom random) {
        int[] dims = new int[random.nextInt(6)];
        Arrays.setAll(dims, i -> EXTENTS[random.nextInt(EXTENTS.length)]);
        return shaped(new TensorSpec(dtype(random), Shape.SCALAR), dims);
    }

    /** The same tensor with axes missing or extents of 1 or more added. */
    private static TensorSpec reshaped(TensorSpec s, int rank, SplittableRandom random) {
        int[] dims = Arrays.copyOf(s.shape().toArray(), Math.max(0, rank));
        for (int i = s.shape().rank(); i < dims.length; i++) {
            dims[i] = 1 + random.nextInt(3);
        }
        return shaped(s, dims);
    }

    private static TensorSpec oneExtent(TensorSpec s, SplittableRandom random) {
        int[] dims = s.shape().toArray();
        if (dims.length > 0) {
            int axis = random.nextInt(dims.length);
            dims[axis] =
                    random.nextBoolean() ? dims[axis] + 1 : EXTENTS[random.nextInt(EXTENTS.length)];
        }
        return shaped(s, dims);
    }

    /**
     * Wherever an extent stands, another takes its place: consistent inputs of odd or huge sizes.
     */
    private static void sameExtentEverywhere(List<TensorSpec> specs, SplittableRandom random) {
        TensorSpec s = specs.get(random.nextInt(specs.size()));
        if (s == null || s.shape().rank() == 0) {
            return;
        }
        int old = s.shape().dim(random.nextInt(s.shape().rank()));
        int extent = EXTENTS[random.nextInt(EXTENTS.length)];
        for (int i = 0; i < specs.size(); i++) {
            if (specs.get(i) != null) {
                int[] dims = specs.get(i).shape().toArray();
                for (int d = 0; d < dims.length; d++) {
                    dims[d] = dims[d] == old ? extent : dims[d];
                }
                specs.set(i, shaped(specs.get(i), dims));
            }
        }
    }

    /** A spec of these extents, or the old one where no array could hold them. */
    private static TensorSpec shaped(TensorSpec s, int... dims) {
        try {
            return new TensorSpec(s.dtype(), Shape.of(dims));
        } catch (TataraException tooLarge) {
            return s;
        }
    }
}
