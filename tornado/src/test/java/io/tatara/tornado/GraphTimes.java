package io.tatara.tornado;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.spi.Replay;
import java.util.Arrays;
import java.util.Collections;

/**
 * What an op of a recorded graph costs, launch by launch and as task graphs: sums of 32 numbers,
 * the two by turns, the device drained behind each replay. docs/tornado.md has the command.
 */
final class GraphTimes {
    private static final long ROUND = 6_000_000_000L;

    private GraphTimes() {}

    public static void main(String[] args) {
        TornadoBackEnd backEnd = new TornadoBackEnd();
        try (BackEndDevice d = backEnd.open(backEnd.discover().devices().getFirst())) {
            TensorSpec spec = TensorSpec.f32(32);
            Binding x = new Binding(spec, d.allocate(DType.FLOAT32, 32), null);
            Binding y = new Binding(spec, d.allocate(DType.FLOAT32, 32), null);
            Pointwise sum = Pointwise.of(Exprs.add(Exprs.in(0), Exprs.in(1)));
            Invocation op = new Invocation(sum, new Binding[] {x, y}, new Binding[] {y});
            for (int n : new int[] {8, 16, 64, 256}) {
                Replay list = replay(d, op, n, "off");
                Replay graphs = replay(d, op, n, "0");
                long begin = System.nanoTime();
                graphs.run();
                double first = (System.nanoTime() - begin) * 1e-6;
                measure(d, list, 50);
                measure(d, graphs, 50);
                int rounds = 0;
                double[] a = new double[20_000];
                double[] b = new double[a.length];
                long end = System.nanoTime() + ROUND;
                while (rounds < a.length && System.nanoTime() < end) {
                    a[rounds] = measure(d, list, 1) / n;
                    b[rounds] = measure(d, graphs, 1) / n;
                    rounds++;
                }
                Arrays.sort(a, 0, rounds);
                Arrays.sort(b, 0, rounds);
                System.out.printf(
                        "%d ops: %.1f µs each launch by launch, %.1f µs as task graphs (medians of"
                                + " %d; ratio %.2f); made in %.0f ms%n",
                        n,
                        a[rounds / 2],
                        b[rounds / 2],
                        rounds,
                        a[rounds / 2] / b[rounds / 2],
                        first);
                list.close();
                graphs.close();
            }
        }
    }

    private static Replay replay(BackEndDevice d, Invocation op, int n, String setting) {
        System.setProperty("tatara.tornado.graphs", setting);
        return d.record(Collections.nCopies(n, op));
    }

    /** Microseconds of one. */
    private static double measure(BackEndDevice d, Replay replay, int times) {
        d.synchronize();
        long begin = System.nanoTime();
        for (int i = 0; i < times; i++) {
            replay.run();
        }
        d.synchronize();
        return (System.nanoTime() - begin) * 1e-3 / times;
    }
}
