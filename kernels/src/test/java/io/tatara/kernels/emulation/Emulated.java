package io.tatara.kernels.emulation;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** One launch of a text under emulation, for the tests of the emulation itself. */
final class Emulated {
    private final String source;
    private final List<String> headers;
    private final TreeMap<String, String> defines = new TreeMap<>();
    private final List<RefArray> in = new ArrayList<>();
    private final List<TensorSpec> out = new ArrayList<>();
    private int arch = 80;
    private int[] groups = {1, 1, 1};
    private int[] local = {32, 1, 1};
    private int dynamicShared;
    private boolean cooperative;
    private long seed;

    /** The kernel is called {@code k}. */
    Emulated(String source, String... headers) {
        this.source = source;
        this.headers = List.of(headers);
        if (this.headers.contains("hopper.cuh")) {
            arch = 90;
        }
    }

    Emulated define(String name, Object value) {
        defines.put(name, value.toString());
        return this;
    }

    Emulated groups(int x) {
        groups = new int[] {x, 1, 1};
        return this;
    }

    Emulated threads(int x) {
        local = new int[] {x, 1, 1};
        return this;
    }

    Emulated shared(int bytes) {
        dynamicShared = bytes;
        return this;
    }

    Emulated cooperative() {
        cooperative = true;
        return this;
    }

    /** Threads in an order drawn from this seed. */
    Emulated shuffled(long seed) {
        this.seed = seed;
        return this;
    }

    Emulated in(TensorSpec spec, double... values) {
        in.add(new RefArray(spec, values));
        return this;
    }

    Emulated out(TensorSpec spec) {
        out.add(spec);
        return this;
    }

    /** Runs with the inputs, the outputs and these as arguments; gives the first output. */
    double[] run(Object... more) {
        List<Object> args = new ArrayList<>();
        for (int i = 0; i < in.size(); i++) {
            args.add(GpuPlan.in(i));
        }
        for (int j = 0; j < out.size(); j++) {
            args.add(GpuPlan.out(j));
        }
        args.addAll(List.of(more));
        return runWith(args.toArray());
    }

    /** Runs with exactly these arguments. */
    double[] runWith(Object... args) {
        Emulation e = Emulation.open();
        GpuProgram program = new GpuProgram("test.cu", source, defines, headers);
        GpuPlan plan =
                GpuPlan.builder()
                        .launch(program, "k", groups, local, dynamicShared, cooperative, args)
                        .build();
        int[] alias = new int[out.size()];
        Arrays.fill(alias, -1);
        e.order(seed);
        try (EmulatedPlan p = new EmulatedPlan(e, GpuTraits.cuda(arch, 4), true)) {
            RefArray[] r =
                    p.run(plan, in.toArray(RefArray[]::new), out.toArray(TensorSpec[]::new), alias);
            return r[0].data();
        } finally {
            e.order(0);
        }
    }

    /** Small integers, so that products are exact. */
    static double[] integers(int n, long seed) {
        return new java.util.SplittableRandom(seed).ints(n, -4, 5).asDoubleStream().toArray();
    }

    /** Plain a [m, k] · b [k, n]. */
    static double[] product(double[] a, double[] b, int m, int n, int k) {
        double[] c = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int l = 0; l < k; l++) {
                    c[i * n + j] += a[i * k + l] * b[l * n + j];
                }
            }
        }
        return c;
    }

    static double[] transposed(double[] a, int rows, int columns) {
        double[] t = new double[a.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                t[j * rows + i] = a[i * columns + j];
            }
        }
        return t;
    }
}
