package io.tatara.bench.peers;

import io.tatara.kernels.TataraException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jocl.CL;
import org.jocl.cl_mem;

/**
 * Convolutions as CLBlast does them on OpenCL: a matrix of patches for each image, then a product.
 * Bias and relu, for which it has no routine, are left out of the time.
 */
final class ClBlast implements Contestant {
    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int CROSS_CORRELATION = 151;

    private static final MemoryLayout I = ValueLayout.JAVA_INT;
    private static final MemoryLayout L = ValueLayout.JAVA_LONG;
    private static final MemoryLayout F = ValueLayout.JAVA_FLOAT;
    private static final MemoryLayout P = ValueLayout.ADDRESS;

    private final ClQueue cl = new ClQueue();
    private final MemorySegment queue = cl.pointer();
    private final MethodHandle patches;
    private final MethodHandle product;

    ClBlast() {
        SymbolLookup library;
        try {
            library = SymbolLookup.libraryLookup("libclblast.so.1", Arena.global());
        } catch (IllegalArgumentException e) {
            throw new TataraException("no CLBlast: `apt-get install libclblast1` helps", e);
        }
        Linker linker = Linker.nativeLinker();
        patches =
                linker.downcallHandle(
                        library.findOrThrow("CLBlastSim2col"),
                        FunctionDescriptor.of(
                                I, I, L, L, L, L, L, L, L, L, L, L, L, P, L, P, L, P, P));
        product =
                linker.downcallHandle(
                        library.findOrThrow("CLBlastSgemmStridedBatched"),
                        FunctionDescriptor.of(
                                I, I, I, I, L, L, L, F, P, L, L, L, P, L, L, L, F, P, L, L, L, L, P,
                                P));
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("device", cl.name());
    }

    @Override
    public Work prepare(PeerCase c) {
        return c.kind() == Kind.CONV ? new Convolution(c) : null;
    }

    private static void check(int status) {
        if (status != 0) {
            throw new TataraException("CLBlast answered " + status);
        }
    }

    private final class Convolution implements Work {
        private final List<cl_mem> buffers = new ArrayList<>();
        private final int n;
        private final int channels;
        private final int size;
        private final int m;
        private final int taps;
        private final int stride;
        private final int groups;
        private final int out;
        private final boolean asItIs;
        private final cl_mem x;
        private final cl_mem w;
        private final cl_mem y;
        private final cl_mem columns;

        Convolution(PeerCase c) {
            n = c.size("n");
            channels = c.size("c");
            size = c.size("size");
            m = c.size("m");
            taps = c.size("k");
            stride = c.size("stride");
            groups = c.size("groups");
            out = (size + 2 * (taps / 2) - taps) / stride + 1;
            asItIs = taps == 1 && stride == 1;
            int depth = channels / groups * taps * taps;
            x = keep(cl.buffer(Inputs.normal("x", 1, n * channels * size * size)));
            w = keep(cl.buffer(Inputs.normal("w", Ours.deviation(depth), m * depth)));
            y = keep(cl.buffer(n * m * out * out));
            columns = asItIs ? x : keep(cl.buffer(channels * taps * taps * out * out));
        }

        private cl_mem keep(cl_mem b) {
            buffers.add(b);
            return b;
        }

        @Override
        public void run() {
            try {
                for (int i = 0; i < n; i++) {
                    image(i);
                }
            } catch (TataraException e) {
                throw e;
            } catch (Throwable t) {
                throw new TataraException("CLBlast: " + t, t);
            }
            cl.finish();
        }

        private void image(int i) throws Throwable {
            long at = (long) i * channels * size * size;
            long s = stride;
            long k = taps;
            long pad = taps / 2;
            long e = size;
            MemorySegment none = MemorySegment.NULL;
            if (!asItIs) {
                check(
                        (int)
                                patches.invokeExact(
                                        CROSS_CORRELATION,
                                        (long) channels,
                                        e,
                                        e,
                                        k,
                                        k,
                                        pad,
                                        pad,
                                        s,
                                        s,
                                        1L,
                                        1L,
                                        ClQueue.handle(x),
                                        at,
                                        ClQueue.handle(columns),
                                        0L,
                                        queue,
                                        none));
            }
            long rows = m / groups;
            long depth = channels / groups * k * k;
            long pixels = (long) out * out;
            check(
                    (int)
                            product.invokeExact(
                                    ROW_MAJOR,
                                    NO_TRANSPOSE,
                                    NO_TRANSPOSE,
                                    rows,
                                    pixels,
                                    depth,
                                    1f,
                                    ClQueue.handle(w),
                                    0L,
                                    depth,
                                    rows * depth,
                                    ClQueue.handle(columns),
                                    asItIs ? at : 0L,
                                    pixels,
                                    depth * pixels,
                                    0f,
                                    ClQueue.handle(y),
                                    i * (long) m * pixels,
                                    pixels,
                                    rows * pixels,
                                    (long) groups,
                                    queue,
                                    none));
        }

        @Override
        public float[] result() {
            float[] bias = Inputs.normal("b", 1, m);
            float[] r = cl.floats(y, n * m * out * out);
            for (int i = 0; i < r.length; i++) {
                r[i] = Math.max(0, r[i] + bias[i / (out * out) % m]);
            }
            return r;
        }

        @Override
        public String how() {
            return asItIs
                    ? "SgemmStridedBatched; bias and relu not timed"
                    : "Sim2col, SgemmStridedBatched; bias and relu not timed";
        }

        @Override
        public void close() {
            buffers.forEach(CL::clReleaseMemObject);
        }
    }
}
