package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.Workers;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Contexts to test with: scratch memory is poisoned. */
public final class Contexts {
    /**
     * Anything that is not {@link PlainLanes} makes {@link MicroKernels} choose the vector unit.
     */
    private static final Lanes NOT_PLAIN =
            (Lanes)
                    Proxy.newProxyInstance(
                            Lanes.class.getClassLoader(),
                            new Class<?>[] {Lanes.class},
                            (proxy, method, args) -> method.invoke(new PlainLanes(), args));

    /** Chunks of the least size, all at once. */
    public static final Workers PARALLEL =
            new Workers() {
                @Override
                public int threads() {
                    return 3;
                }

                @Override
                public void parallelFor(int n, int grain, Body body) {
                    IntStream.range(0, (n + grain - 1) / grain)
                            .parallel()
                            .forEach(i -> body.run(i * grain, Math.min(n, (i + 1) * grain)));
                }
            };

    private Contexts() {}

    public static JvmContext of(boolean vector, Workers workers) {
        return new JvmContext() {
            @Override
            public Workers workers() {
                return workers;
            }

            @Override
            public Lanes lanes() {
                return vector ? NOT_PLAIN : new PlainLanes();
            }

            @Override
            public float[] acquire(int n) {
                float[] f = new float[n];
                Arrays.fill(f, Float.NaN);
                return f;
            }

            @Override
            public void release(float[] scratch) {
                Arrays.fill(scratch, Float.NaN);
            }
        };
    }
}
