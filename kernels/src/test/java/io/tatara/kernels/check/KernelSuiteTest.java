package io.tatara.kernels.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.JvmKernel;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every case of every op: each JVM kernel (vector and plain) against the reference, with guard bands and
 * poisoned outputs; each gradient rule against finite differences; each GPU plan at least made.
 * {@code -Dtatara.op=NAME} limits it to one op.
 */
class KernelSuiteTest {
    private static final int GUARD = 17;
    private static final float POISON = 1.0e30f;

    @TestFactory
    List<DynamicTest> cases() {
        String only = System.getProperty("tatara.op");
        List<DynamicTest> tests = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (only != null && !only.equals(e.name())) {
                continue;
            }
            for (Case c : e.cases().get()) {
                if (c.isBench()) {
                    continue;
                }
                add(tests, e, c);
            }
        }
        return tests;
    }

    private static <O extends Op> void add(List<DynamicTest> tests, OpEntry<O> e, Case c) {
        O op = e.type().cast(c.op());
        for (JvmKernel<O> k : e.jvm()) {
            if (k.supports(op, c.specs())) {
                tests.add(DynamicTest.dynamicTest(c + " jvm", () -> run(k, op, c, Lanes.best())));
                if (!(Lanes.best() instanceof PlainLanes)) {
                    tests.add(DynamicTest.dynamicTest(c + " jvm plain", () -> run(k, op, c, new PlainLanes())));
                }
            }
        }
        if (c.testsGradient()) {
            tests.add(
                    DynamicTest.dynamicTest(
                            c + " gradient", () -> assertThat(FiniteDifferences.check(c, 5)).isLessThan(1e-6)));
        }
        tests.add(
                DynamicTest.dynamicTest(
                        c + " gpu plan",
                        () -> {
                            TensorSpec[] out = op.infer(c.specs());
                            for (GpuKernel<O> k : e.gpu()) {
                                if (k.supports(op, c.specs(), GpuTraits.MINIMAL_OPENCL)) {
                                    assertThat(k.plan(op, c.specs(), out, GpuTraits.MINIMAL_OPENCL)).isNotNull();
                                }
                            }
                        }));
    }

    private static <O extends Op> void run(JvmKernel<O> kernel, O op, Case c, Lanes lanes) {
        RefArray[] in = c.draw(3);
        RefArray[] want = new ReferenceEmitter().run(op, in);
        JvmArray[] a = new JvmArray[in.length];
        for (int i = 0; i < in.length; i++) {
            a[i] = in[i] == null ? null : guarded(in[i].spec(), in[i].data());
        }
        JvmArray[] out = new JvmArray[want.length];
        for (int j = 0; j < out.length; j++) {
            int alias = op.alias(j);
            out[j] = alias >= 0 ? a[alias] : guarded(want[j].spec(), null);
        }
        kernel.run(op, a, out, context(lanes));
        for (int j = 0; j < out.length; j++) {
            double[] got = values(out[j]);
            Comparison d = Comparison.of(got, want[j]);
            assertThat(d.error()).as("%s output %d: %s", c, j, d).isLessThanOrEqualTo(c.tolerance(want[j].spec().dtype()));
            checkGuard(out[j], c + " output " + j);
        }
        for (int i = 0; i < a.length; i++) {
            if (a[i] != null) {
                checkGuard(a[i], c + " input " + i);
            }
        }
    }

    private static JvmArray guarded(TensorSpec spec, double[] data) {
        int n = spec.size();
        if (spec.dtype() == DType.INT32) {
            int[] v = new int[n + GUARD];
            Arrays.fill(v, (int) POISON);
            for (int i = 0; data != null && i < n; i++) {
                v[i] = (int) data[i];
            }
            return JvmArray.of(spec, v);
        }
        float[] v = new float[n + GUARD];
        Arrays.fill(v, POISON);
        for (int i = 0; data != null && i < n; i++) {
            v[i] = (float) data[i];
        }
        return JvmArray.of(spec, v);
    }

    private static double[] values(JvmArray a) {
        double[] d = new double[a.size()];
        for (int i = 0; i < d.length; i++) {
            d[i] = a.f() != null ? a.f()[i] : a.i()[i];
        }
        return d;
    }

    private static void checkGuard(JvmArray a, String what) {
        for (int i = a.size(); i < a.size() + GUARD; i++) {
            double v = a.f() != null ? a.f()[i] : a.i()[i];
            assertThat(v).as("%s: element %d behind the end", what, i).isEqualTo(a.f() != null ? POISON : (int) POISON);
        }
    }

    private static JvmContext context(Lanes lanes) {
        return new JvmContext() {
            @Override
            public Workers workers() {
                return Workers.SERIAL;
            }

            @Override
            public Lanes lanes() {
                return lanes;
            }

            @Override
            public float[] acquire(int n) {
                float[] f = new float[n];
                Arrays.fill(f, Float.NaN);
                return f;
            }

            @Override
            public void release(float[] scratch) {}
        };
    }
}
