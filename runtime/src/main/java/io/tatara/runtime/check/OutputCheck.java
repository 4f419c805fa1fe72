package io.tatara.runtime.check;

import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Comparison;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.runtime.spi.BackEndDevice;
import java.util.Arrays;

/**
 * Outputs against the reference; then once more over other poison, which must give the same bits;
 * then with the inputs declared long-lived weights, so that kernels use the copies that they keep.
 */
final class OutputCheck extends Check {
    private final long seed;
    private final GpuKernel<?> kernel;

    OutputCheck(BackEndDevice device, Case c, long seed) {
        this(device, c, seed, null);
    }

    /**
     * @param kernel the variant to run, on a device that runs plans; null for what it chooses
     */
    OutputCheck(BackEndDevice device, Case c, long seed, GpuKernel<?> kernel) {
        super(device, c, Result.Kind.OUTPUT);
        this.seed = seed;
        this.kernel = kernel;
    }

    @Override
    public String name() {
        return kernel == null ? super.name() : super.name() + " by " + kernel.variant();
    }

    @Override
    Finding find() {
        RefArray[] in = c.draw(seed);
        RefArray[] want = new ReferenceEmitter().run(c.op(), in);
        try (GuardedMemory first = new GuardedMemory(device, false, kernel);
                GuardedMemory second = new GuardedMemory(device, true, kernel)) {
            GuardedMemory.Cell[] got = first.emit(c.op(), upload(first, in, false));
            Finding f = compare(got, want, "output ");
            if (!f.failure().isEmpty()) {
                return f;
            }
            GuardedMemory.Cell[] again = second.emit(c.op(), upload(second, in, false));
            for (int j = 0; j < got.length; j++) {
                int at = Arrays.mismatch(got[j].values(), again[j].values());
                if (at >= 0) {
                    return differs(j, at, got[j], again[j], f.tolerance());
                }
            }
            return c.isLarge() || writesInputs() ? f : weights(in, want, f);
        }
    }

    private boolean writesInputs() {
        Op op = c.op();
        int outputs = op.infer(c.specs()).length;
        for (int j = 0; j < outputs; j++) {
            if (op.alias(j) >= 0) {
                return true;
            }
        }
        return false;
    }

    private Finding weights(RefArray[] in, RefArray[] want, Finding soFar) {
        try (GuardedMemory memory = new GuardedMemory(device, false, kernel)) {
            GuardedMemory.Cell[] cells = upload(memory, in, true);
            memory.emit(c.op(), cells);
            Finding f = compare(memory.emit(c.op(), cells), want, "with kept weights, output ");
            return f.worseThan(soFar) ? f : soFar;
        }
    }

    private static Finding differs(
            int j, int at, GuardedMemory.Cell a, GuardedMemory.Cell b, double tolerance) {
        String where = "output " + j + position(a.spec().shape(), at);
        double x = a.values()[at];
        double y = b.values()[at];
        return new Finding(
                Math.abs(x - y),
                tolerance,
                where,
                where + ": two runs differ, " + x + " and then " + y);
    }

    private Finding compare(GuardedMemory.Cell[] got, RefArray[] want, String what) {
        Finding worst = Finding.NOTHING;
        for (int j = 0; j < got.length; j++) {
            Comparison d = Comparison.of(got[j].values(), want[j]);
            Finding f =
                    judge(
                            what + j,
                            want[j].spec(),
                            d,
                            d.error(),
                            c.tolerance(want[j].spec().dtype()));
            if (f.worseThan(worst)) {
                worst = f;
            }
        }
        return worst;
    }
}
