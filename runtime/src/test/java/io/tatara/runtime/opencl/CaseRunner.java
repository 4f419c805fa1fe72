package io.tatara.runtime.opencl;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Comparison;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.check.Rounding;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs a case on a device and compares with the reference.
 *
 * @param guard elements of poison behind each buffer, and whether outputs are poisoned at all; 0
 *     leaves buffers bare for a checker that watches them itself
 */
public record CaseRunner(BackEndDevice device, Variants variants, int guard) {
    /** Runs an op by a certain variant, on the device. */
    public interface Variants {
        void execute(GpuKernel<?> kernel, Op op, Binding[] in, Binding[] out);
    }

    private static final float POISON = 1.0e30f;
    private static final byte POISON_BYTE = 0x7a;

    /** What is wrong with the results, in words; empty where nothing is. */
    public List<String> run(Case c, GpuKernel<?> kernel) {
        Op op = c.op();
        List<String> wrong = new ArrayList<>();
        RefArray[] in = c.draw(3);
        RefArray[] want = new ReferenceEmitter().run(op, in);
        List<Memory> all = new ArrayList<>();
        try {
            Binding[] a = new Binding[in.length];
            byte[][] before = new byte[in.length][];
            for (int i = 0; i < a.length; i++) {
                if (in[i] != null) {
                    before[i] = guarded(in[i].spec(), in[i].data());
                    a[i] = bind(in[i].spec(), before[i], all);
                }
            }
            Binding[] out = new Binding[want.length];
            boolean[] written = new boolean[in.length];
            for (int j = 0; j < out.length; j++) {
                int alias = op.alias(j);
                if (alias >= 0) {
                    written[alias] = true;
                    out[j] = a[alias];
                } else {
                    TensorSpec s = want[j].spec();
                    out[j] = bind(s, guard == 0 ? null : guarded(s, null), all);
                }
            }
            variants.execute(kernel, op, a, out);
            for (int j = 0; j < out.length; j++) {
                byte[] bytes = download(out[j].memory(), want[j].spec());
                checkGuard(bytes, want[j].spec(), "output " + j, wrong);
                Comparison d = Comparison.of(decode(bytes, want[j].spec()), want[j]);
                double tolerance = c.tolerance(want[j].spec().dtype());
                if (!(d.error() <= tolerance)) {
                    wrong.add("output " + j + ": " + d + ", tolerance " + tolerance);
                }
            }
            for (int i = 0; i < a.length; i++) {
                if (a[i] != null
                        && !written[i]
                        && !Arrays.equals(before[i], download(a[i].memory(), in[i].spec()))) {
                    wrong.add("input " + i + " or what is behind it was written");
                }
            }
        } finally {
            all.forEach(device::release);
        }
        return wrong;
    }

    private Binding bind(TensorSpec spec, byte[] bytes, List<Memory> all) {
        Memory m = device.allocate(spec.dtype(), spec.size() + guard);
        all.add(m);
        if (bytes != null) {
            device.upload(MemorySegment.ofArray(bytes), m);
        }
        return new Binding(spec, m, null);
    }

    private byte[] download(Memory m, TensorSpec spec) {
        byte[] b = new byte[(spec.size() + guard) * spec.dtype().bytes()];
        device.download(m, MemorySegment.ofArray(b));
        return b;
    }

    /** Values, or poison where there are none, and the guard band. */
    private byte[] guarded(TensorSpec spec, double[] data) {
        byte[] b = new byte[(spec.size() + guard) * spec.dtype().bytes()];
        Arrays.fill(b, POISON_BYTE);
        MemorySegment m = MemorySegment.ofArray(b);
        for (int i = 0; i < spec.size(); i++) {
            put(m, i, spec.dtype(), data == null ? POISON : data[i]);
        }
        return b;
    }

    private void checkGuard(byte[] b, TensorSpec spec, String what, List<String> wrong) {
        for (int i = spec.size() * spec.dtype().bytes(); i < b.length; i++) {
            if (b[i] != POISON_BYTE) {
                wrong.add(
                        what
                                + ": element "
                                + i / spec.dtype().bytes()
                                + " behind the end was written");
                return;
            }
        }
    }

    private static double[] decode(byte[] b, TensorSpec spec) {
        MemorySegment m = MemorySegment.ofArray(b);
        double[] d = new double[spec.size()];
        for (int i = 0; i < d.length; i++) {
            d[i] = get(m, i, spec.dtype());
        }
        return d;
    }

    private static void put(MemorySegment m, int i, DType dtype, double v) {
        switch (dtype) {
            case FLOAT32 -> m.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, (float) v);
            case INT32 -> m.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, (int) v);
            case FLOAT64 -> m.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i, v);
            case FLOAT16 ->
                    m.set(
                            ValueLayout.JAVA_SHORT_UNALIGNED,
                            2L * i,
                            Float.floatToFloat16((float) v));
            case BFLOAT16 ->
                    m.set(
                            ValueLayout.JAVA_SHORT_UNALIGNED,
                            2L * i,
                            Rounding.floatToBfloat16((float) v));
        }
    }

    private static double get(MemorySegment m, int i, DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> m.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
            case INT32 -> m.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
            case FLOAT64 -> m.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i);
            case FLOAT16 -> Float.float16ToFloat(m.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
            case BFLOAT16 ->
                    Rounding.bfloat16ToFloat(m.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
        };
    }
}
