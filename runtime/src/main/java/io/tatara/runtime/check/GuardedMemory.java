package io.tatara.runtime.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.Emitter;
import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.PlanRunner;
import io.tatara.runtime.spi.Weight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tensors in a device's raw memory, each longer than it need be: what lies behind is filled with a
 * pattern and looked at after each op, outputs are poisoned before it, and inputs must come out as
 * they went in. Carries ops out as a scope does, so that gradient rules run under the same watch.
 */
final class GuardedMemory implements Emitter, AutoCloseable {
    /** Odd, so that vector tails and tiles overlap it in every way. */
    static final int GUARD = 37;

    /** A tensor with its guard band; {@code bits}: all that was last seen in the memory. */
    static final class Cell implements Value {
        private final TensorSpec spec;
        private final Memory memory;
        private final Weight weight;
        private int[] bits;

        private Cell(TensorSpec spec, Memory memory, Weight weight, int[] bits) {
            this.spec = spec;
            this.memory = memory;
            this.weight = weight;
            this.bits = bits;
        }

        @Override
        public TensorSpec spec() {
            return spec;
        }

        double[] values() {
            double[] d = new double[spec.size()];
            for (int i = 0; i < d.length; i++) {
                d[i] = HostBits.decode(bits[i], spec.dtype());
            }
            return d;
        }
    }

    private final BackEndDevice device;
    private final boolean otherPoison;
    private final GpuKernel<?> kernel;
    private final List<Memory> memories = new ArrayList<>();

    /**
     * @param otherPoison fills outputs with another pattern: an element that is never written, or
     *     made of what lay there before, then differs between two runs
     */
    GuardedMemory(BackEndDevice device, boolean otherPoison) {
        this(device, otherPoison, null);
    }

    /**
     * @param kernel what runs the ops, on a device that runs plans; null for what it chooses
     */
    GuardedMemory(BackEndDevice device, boolean otherPoison, GpuKernel<?> kernel) {
        this.device = device;
        this.otherPoison = otherPoison;
        this.kernel = kernel;
    }

    /**
     * An input: its elements, and behind them NaN, so that reading too far shows even where it is
     * multiplied by 0.
     */
    Cell input(RefArray a, boolean weight) {
        DType dtype = a.spec().dtype();
        int[] bits = new int[a.spec().size() + GUARD];
        Arrays.fill(bits, HostBits.encode(dtype == DType.INT32 ? 0x3a5a5a5a : Double.NaN, dtype));
        for (int i = 0; i < a.data().length; i++) {
            bits[i] = HostBits.encode(a.data()[i], dtype);
        }
        return store(a.spec(), bits, weight ? new Weight() : null);
    }

    private Cell poisoned(TensorSpec spec) {
        int[] bits = new int[spec.size() + GUARD];
        double poison =
                spec.dtype() == DType.FLOAT16
                        ? 6.0e4
                        : spec.dtype() == DType.INT32 ? 1.9e9 : 1.0e30;
        Arrays.fill(bits, HostBits.encode(otherPoison ? -poison / 2 : poison, spec.dtype()));
        return store(spec, bits, null);
    }

    private Cell store(TensorSpec spec, int[] bits, Weight weight) {
        Memory m = device.allocate(spec.dtype(), bits.length);
        memories.add(m);
        device.upload(HostBits.segment(bits, spec.dtype()), m);
        return new Cell(spec, m, weight, bits);
    }

    @Override
    public Cell[] emit(Op op, Value... inputs) {
        Cell[] in = new Cell[inputs.length];
        TensorSpec[] specs = new TensorSpec[in.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = (Cell) inputs[i];
            specs[i] = in[i] == null ? null : in[i].spec;
        }
        TensorSpec[] outSpecs = op.infer(specs);
        if (op.view()) {
            return new Cell[] {new Cell(outSpecs[0], in[0].memory, in[0].weight, in[0].bits)};
        }
        Cell[] out = new Cell[outSpecs.length];
        boolean[] written = new boolean[in.length];
        for (int j = 0; j < out.length; j++) {
            int alias = op.alias(j);
            if (alias >= 0) {
                written[alias] = true;
                out[j] = new Cell(outSpecs[j], in[alias].memory, null, in[alias].bits);
            } else {
                out[j] = poisoned(outSpecs[j]);
            }
        }
        execute(op, bindings(in), bindings(out));
        for (int j = 0; j < out.length; j++) {
            lookAtOutput(op, j, out[j]);
        }
        for (int i = 0; i < in.length; i++) {
            if (in[i] != null && !written[i]) {
                lookAtInput(op, i, in[i]);
            }
        }
        return out;
    }

    private void execute(Op op, Binding[] in, Binding[] out) {
        if (kernel == null) {
            device.execute(op, in, out);
        } else {
            ((PlanRunner) device).execute(kernel, op, in, out);
        }
    }

    private static Binding[] bindings(Cell[] cells) {
        Binding[] b = new Binding[cells.length];
        for (int i = 0; i < b.length; i++) {
            b[i] =
                    cells[i] == null
                            ? null
                            : new Binding(cells[i].spec, cells[i].memory, cells[i].weight);
        }
        return b;
    }

    private void lookAtOutput(Op op, int j, Cell c) {
        int[] now = download(c);
        for (int i = c.spec.size(); i < now.length; i++) {
            if (now[i] != c.bits[i]) {
                throw new TataraException(
                        op.name()
                                + " wrote behind the end of output "
                                + j
                                + " "
                                + c.spec
                                + ": element "
                                + (i - c.spec.size())
                                + " of the guard band became "
                                + HostBits.decode(now[i], c.spec.dtype()));
            }
        }
        c.bits = now;
    }

    private void lookAtInput(Op op, int i, Cell c) {
        int at = Arrays.mismatch(download(c), c.bits);
        if (at >= 0) {
            throw new TataraException(
                    op.name()
                            + " overwrote input "
                            + i
                            + " "
                            + c.spec
                            + " at element "
                            + at
                            + (at >= c.spec.size() ? ", behind its end" : ""));
        }
    }

    private int[] download(Cell c) {
        return HostBits.read(c.bits.length, c.spec.dtype(), s -> device.download(c.memory, s));
    }

    @Override
    public void close() {
        memories.forEach(device::release);
        memories.clear();
    }
}
