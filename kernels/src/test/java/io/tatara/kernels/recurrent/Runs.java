package io.tatara.kernels.recurrent;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.Workers;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Runs ops on Java arrays with a chosen number of threads, and draws arrays. */
final class Runs {
    private Runs() {}

    static RefArray[] jvm(Op op, int threads, RefArray... in) {
        return jvm(OpTable.of(op), op, threads, in);
    }

    private static <O extends Op> RefArray[] jvm(OpEntry<O> e, Op op, int threads, RefArray... in) {
        JvmArray[] a = Arrays.stream(in).map(Runs::array).toArray(JvmArray[]::new);
        TensorSpec[] specs =
                Arrays.stream(in).map(x -> x == null ? null : x.spec()).toArray(TensorSpec[]::new);
        TensorSpec[] outSpecs = op.infer(specs);
        JvmArray[] out = new JvmArray[outSpecs.length];
        for (int j = 0; j < out.length; j++) {
            float[] f = new float[outSpecs[j].size()];
            Arrays.fill(f, Float.NaN);
            out[j] = JvmArray.of(outSpecs[j], f);
        }
        e.jvm().getFirst().run(e.type().cast(op), a, out, context(threads));
        RefArray[] r = new RefArray[out.length];
        for (int j = 0; j < r.length; j++) {
            r[j] = RefArray.zeros(outSpecs[j]);
            for (int i = 0; i < r[j].data().length; i++) {
                r[j].data()[i] = out[j].f()[i];
            }
        }
        return r;
    }

    private static JvmArray array(RefArray x) {
        if (x == null) {
            return null;
        }
        int n = x.data().length;
        if (!x.spec().dtype().isFloating()) {
            return JvmArray.of(x.spec(), Arrays.stream(x.data()).mapToInt(v -> (int) v).toArray());
        }
        float[] f = new float[n];
        for (int i = 0; i < n; i++) {
            f[i] = (float) x.data()[i];
        }
        return JvmArray.of(x.spec(), f);
    }

    static RefArray random(SplittableRandom random, double scale, int... dims) {
        RefArray a = RefArray.zeros(TensorSpec.f32(dims));
        for (int i = 0; i < a.data().length; i++) {
            a.data()[i] = (float) (scale * random.nextGaussian());
        }
        return a;
    }

    static RefArray ints(int... values) {
        return new RefArray(
                TensorSpec.i32(values.length), Arrays.stream(values).asDoubleStream().toArray());
    }

    /** Rows [from, to) of the first axis. */
    static RefArray rows(RefArray a, int from, int to) {
        int row = a.shape().product(1, a.shape().rank());
        return new RefArray(
                new TensorSpec(a.spec().dtype(), a.shape().with(0, to - from)),
                Arrays.copyOfRange(a.data(), from * row, to * row));
    }

    /** The same data in another shape. */
    static RefArray as(RefArray a, int... dims) {
        return new RefArray(a.spec().withShape(dims), a.data());
    }

    /** Chunks in a fixed order that no one may rely on: the last thread's first. */
    private static Workers workers(int threads) {
        return new Workers() {
            @Override
            public int threads() {
                return threads;
            }

            @Override
            public void parallelFor(int n, int grain, Body body) {
                int pieces = Math.max(1, Math.min(threads, n / Math.max(1, grain)));
                Thread[] t = new Thread[pieces];
                for (int p = pieces - 1; p >= 0; p--) {
                    int from = (int) ((long) n * p / pieces);
                    int to = (int) ((long) n * (p + 1) / pieces);
                    t[p] = Thread.ofPlatform().start(() -> body.run(from, to));
                }
                for (Thread x : t) {
                    try {
                        x.join();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }
        };
    }

    private static JvmContext context(int threads) {
        Workers workers = threads == 1 ? Workers.SERIAL : workers(threads);
        return new JvmContext() {
            @Override
            public Workers workers() {
                return workers;
            }

            @Override
            public Lanes lanes() {
                return Lanes.best();
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
