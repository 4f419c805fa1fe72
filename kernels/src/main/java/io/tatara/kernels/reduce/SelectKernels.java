package io.tatara.kernels.reduce;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import java.util.Arrays;

/** {@link ArgMax}, {@link TopK} and its gradient on the JVM and on GPUs. */
final class SelectKernels {
    private static final int GRAIN = 1 << 14;

    private SelectKernels() {}

    static void argMaxJvm(ArgMax op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        if (out[0].size() == 0) {
            return;
        }
        Shape x = in[0].spec().shape();
        int a = op.axis(x);
        int n = x.dim(a);
        int inner = x.product(a + 1, x.rank());
        float[] f = in[0].f();
        int[] y = out[0].i();
        ctx.workers()
                .parallelFor(
                        x.product(0, a),
                        Math.max(1, GRAIN / (n * inner)),
                        (from, to) -> {
                            for (int o = from; o < to; o++) {
                                if (inner == 1) {
                                    y[o] = find(f, o * n, n, ctx.lanes().max(f, o * n, n));
                                } else {
                                    columns(f, o * n * inner, n, inner, y, o * inner);
                                }
                            }
                        });
    }

    /** First place of a value that is there; NaN is equal to NaN. */
    private static int find(float[] x, int at, int n, float value) {
        int i = 0;
        while (i < n - 1 && x[at + i] != value && !(value != value && x[at + i] != x[at + i])) {
            i++;
        }
        return i;
    }

    private static void columns(float[] x, int at, int n, int inner, int[] y, int yo) {
        Arrays.fill(y, yo, yo + inner, 0);
        for (int r = 1; r < n; r++) {
            for (int c = 0; c < inner; c++) {
                float v = x[at + r * inner + c];
                float best = x[at + y[yo + c] * inner + c];
                if (v > best || (v != v && best == best)) {
                    y[yo + c] = r;
                }
            }
        }
    }

    static GpuPlan argMaxGpu(ArgMax op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Shape x = in[0].shape();
        int a = op.axis(x);
        int n = x.dim(a);
        int inner = x.product(a + 1, x.rank());
        int results = out[0].size();
        GpuPlan.Builder plan = GpuPlan.builder();
        if (inner == 1 && n > 32) {
            int group = group(n, traits);
            return plan.launch(
                            program(group, in[0].dtype()),
                            "arg_max_rows",
                            new int[] {results, 1, 1},
                            new int[] {group, 1, 1},
                            GpuPlan.in(0),
                            GpuPlan.out(0),
                            n)
                    .build();
        }
        return plan.launch1d(
                        program(64, in[0].dtype()),
                        "arg_max_columns",
                        results,
                        Math.min(128, traits.maxWorkGroup()),
                        GpuPlan.in(0),
                        GpuPlan.out(0),
                        results,
                        n,
                        inner)
                .build();
    }

    private static int group(int n, GpuTraits traits) {
        return Integer.highestOneBit(Math.min(n <= 512 ? 64 : 256, traits.maxWorkGroup()));
    }

    private static GpuProgram program(int group, DType dtype) {
        return GpuProgram.resource(
                SelectKernels.class,
                "select.cl",
                "GROUP",
                group,
                "STORAGE",
                GpuProgram.storage(dtype));
    }

    static void topKJvm(TopK op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int n = in[0].spec().shape().dim(-1);
        int k = op.k();
        ctx.workers()
                .parallelFor(
                        out[0].size() / k,
                        Math.max(1, GRAIN / n),
                        (from, to) -> {
                            long[] heap = new long[k];
                            for (int row = from; row < to; row++) {
                                select(in[0].f(), row * n, n, heap);
                                Arrays.sort(heap);
                                for (int j = 0; j < k; j++) {
                                    int i = (int) ~heap[k - 1 - j];
                                    out[0].f()[row * k + j] = in[0].f()[row * n + i];
                                    out[1].i()[row * k + j] = i;
                                }
                            }
                        });
    }

    /** Fills the heap, smallest on top, with the keys of the largest elements. */
    private static void select(float[] x, int at, int n, long[] heap) {
        int k = heap.length;
        for (int i = 0; i < k; i++) {
            heap[i] = key(x[at + i], i);
        }
        for (int i = k / 2 - 1; i >= 0; i--) {
            sink(heap, i);
        }
        float least = x[at + (int) ~heap[0]];
        for (int i = k; i < n; i++) {
            float v = x[at + i];
            // Most elements stop here; an equal one comes later and so is not larger.
            if (!(v <= least)) {
                long key = key(v, i);
                if (key > heap[0]) {
                    heap[0] = key;
                    sink(heap, 0);
                    least = x[at + (int) ~heap[0]];
                }
            }
        }
    }

    /** Orders as the op does: by value, NaN above all and -0 equal to 0, then by lower index. */
    private static long key(float v, int index) {
        int bits = Float.floatToIntBits(v + 0.0f);
        int ordered = bits < 0 ? bits ^ 0x7fffffff : bits;
        return ((long) ordered << 32) | (~index & 0xffffffffL);
    }

    private static void sink(long[] heap, int i) {
        long v = heap[i];
        int child = 2 * i + 1;
        while (child < heap.length) {
            if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= v) {
                break;
            }
            heap[i] = heap[child];
            i = child;
            child = 2 * i + 1;
        }
        heap[i] = v;
    }

    static GpuPlan topKGpu(TopK op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = in[0].shape().dim(-1);
        int group = group(n, traits);
        int rows = out[0].size() / op.k();
        return GpuPlan.builder()
                .launch(
                        program(group, in[0].dtype()),
                        "top_k",
                        new int[] {rows, 1, 1},
                        new int[] {group, 1, 1},
                        GpuPlan.in(0),
                        GpuPlan.out(0),
                        GpuPlan.out(1),
                        n,
                        op.k())
                .build();
    }

    static void topKGradientJvm(TopKGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int n = op.n();
        int k = in[0].spec().shape().dim(-1);
        float[] dx = out[0].f();
        ctx.workers()
                .parallelFor(
                        out[0].size() / n,
                        Math.max(1, GRAIN / n),
                        (from, to) -> {
                            Arrays.fill(dx, from * n, to * n, 0);
                            for (int e = from * k; e < to * k; e++) {
                                int i = in[0].i()[e];
                                if (i >= 0 && i < n) {
                                    dx[e / k * n + i] = in[1].f()[e];
                                }
                            }
                        });
    }

    static GpuPlan topKGradientGpu(
            TopKGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int local = Math.min(128, traits.maxWorkGroup());
        int k = in[0].shape().dim(-1);
        GpuProgram program = program(64, in[1].dtype());
        return GpuPlan.builder()
                .launch1d(
                        program, "top_k_clear", out[0].size(), local, GpuPlan.out(0), out[0].size())
                .launch1d(
                        program,
                        "top_k_scatter",
                        in[0].size(),
                        local,
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        GpuPlan.out(0),
                        in[0].size(),
                        k,
                        op.n())
                .build();
    }
}
