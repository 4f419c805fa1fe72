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
import io.tatara.kernels.jvm.Workers;
import java.util.Arrays;

/** The checks of the kernel suite, so that a test may hold a broken kernel against them too. */
public final class KernelChecks {
    private static final int GUARD = 17;
    private static final float POISON = 1.0e30f;

    private KernelChecks() {}

    /**
     * A kernel against the reference: poisoned outputs, guard bands behind every array, inputs that
     * must stay as they are.
     */
    public static <O extends Op> void jvm(JvmKernel<O> kernel, O op, Case c, Lanes lanes) {
        jvm(kernel, op, c, context(lanes, Workers.SERIAL));
    }

    private static <O extends Op> JvmArray[] jvm(
            JvmKernel<O> kernel, O op, Case c, JvmContext context) {
        RefArray[] in = c.draw(3);
        RefArray[] want = new ReferenceEmitter().run(op, in);
        JvmArray[] a = new JvmArray[in.length];
        for (int i = 0; i < in.length; i++) {
            a[i] = in[i] == null ? null : guarded(in[i].spec(), in[i].data());
        }
        boolean[] overwritten = new boolean[in.length];
        JvmArray[] out = new JvmArray[want.length];
        for (int j = 0; j < out.length; j++) {
            int alias = op.alias(j);
            out[j] = alias >= 0 ? a[alias] : guarded(want[j].spec(), null);
            if (alias >= 0) {
                overwritten[alias] = true;
            }
        }
        kernel.run(op, a, out, context);
        for (int j = 0; j < out.length; j++) {
            Comparison d = Comparison.of(stored(out[j], want[j].spec().dtype()), want[j]);
            assertThat(d.error())
                    .as("%s output %d: %s", c, j, d)
                    .isLessThanOrEqualTo(c.tolerance(want[j].spec().dtype()));
            checkGuard(out[j], c + " output " + j);
        }
        for (int i = 0; i < a.length; i++) {
            if (a[i] != null) {
                checkGuard(a[i], c + " input " + i);
                if (!overwritten[i]) {
                    assertThat(values(a[i]))
                            .as("%s input %d must stay as it was", c, i)
                            .isEqualTo(in[i].data());
                }
            }
        }
        return out;
    }

    /** A kernel on several threads, twice: right each time, and the same bits. */
    public static <O extends Op> void threads(JvmKernel<O> kernel, O op, Case c, Lanes lanes) {
        JvmArray[] first = jvm(kernel, op, c, context(lanes, new ShuffledWorkers(1)));
        JvmArray[] second = jvm(kernel, op, c, context(lanes, new ShuffledWorkers(2)));
        for (int j = 0; j < first.length; j++) {
            assertThat(values(second[j]))
                    .as("%s output %d depends on the order in which threads run", c, j)
                    .isEqualTo(values(first[j]));
        }
    }

    /** A gradient rule against finite differences of the reference. */
    public static void gradient(Case c, ReferenceEmitter emitter) {
        assertThat(FiniteDifferences.check(c, 5, emitter)).as("%s gradient", c).isLessThan(1e-6);
    }

    /** The plan of each GPU kernel can be made. */
    public static <O extends Op> void gpuPlan(OpEntry<O> e, Case c) {
        O op = e.type().cast(c.op());
        TensorSpec[] out = op.infer(c.specs());
        for (GpuKernel<O> k : e.gpu()) {
            if (k.supports(op, c.specs(), GpuTraits.MINIMAL_OPENCL)) {
                assertThat(k.plan(op, c.specs(), out, GpuTraits.MINIMAL_OPENCL)).isNotNull();
            }
        }
    }

    /**
     * Runs an op's preferred JVM kernel on float32 and int32 arrays; null where an input is absent.
     */
    public static <O extends Op> float[][] run(O op, JvmArray... in) {
        TensorSpec[] specs =
                Arrays.stream(in).map(a -> a == null ? null : a.spec()).toArray(TensorSpec[]::new);
        TensorSpec[] outSpecs = op.infer(specs);
        JvmArray[] out = new JvmArray[outSpecs.length];
        for (int j = 0; j < out.length; j++) {
            out[j] = guarded(outSpecs[j], null);
        }
        OpTable.of(op).jvm().get(0).run(op, in, out, context(Lanes.best(), Workers.SERIAL));
        return Arrays.stream(out).map(o -> Arrays.copyOf(o.f(), o.size())).toArray(float[][]::new);
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
        // float16 and bfloat16 come to a kernel on the JVM as float32.
        return JvmArray.of(spec.withDType(DType.FLOAT32), v);
    }

    /** The specs as kernels on the JVM see them: 16-bit types are float32 there. */
    public static TensorSpec[] widened(TensorSpec[] specs) {
        return Arrays.stream(specs)
                .map(s -> s != null && s.dtype().isHalf() ? s.withDType(DType.FLOAT32) : s)
                .toArray(TensorSpec[]::new);
    }

    /** What a float32 kernel's results are in the dtype that they are kept in. */
    private static double[] stored(JvmArray a, DType dtype) {
        RefArray r = new RefArray(a.spec().withDType(dtype), values(a));
        Rounding.round(r);
        return r.data();
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
            assertThat(v)
                    .as("%s: element %d behind the end", what, i)
                    .isEqualTo(a.f() != null ? POISON : (int) POISON);
        }
    }

    private static JvmContext context(Lanes lanes, Workers workers) {
        return new JvmContext() {
            @Override
            public Workers workers() {
                return workers;
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
