package io.tatara.bench.measure;

import io.tatara.kernels.Cost;
import java.util.List;

/**
 * The measured bounds of a device.
 *
 * @param flops floating-point operations a second, fp32, a fused multiply-add counted as two
 * @param arithmetic how that was measured
 * @param copies bandwidth of copies by working set, ascending
 */
public record Roofs(double flops, String arithmetic, List<Copy> copies) {
    /**
     * @param bytes working set: source and destination together
     * @param bytesPerSecond read and written bytes together
     */
    public record Copy(long bytes, double bytesPerSecond) {}

    /** Which roof binds a case, and the least time under it. */
    public record Bound(boolean memory, double seconds) {}

    public Roofs {
        copies = List.copyOf(copies);
    }

    /**
     * Bandwidth for a working set: that of the measured size nearest in ratio, 0 where none was
     * measured.
     */
    public double bandwidth(double bytes) {
        double best = 0;
        double nearest = Double.POSITIVE_INFINITY;
        for (Copy c : copies) {
            double distance = Math.abs(Math.log(Math.max(1, bytes) / c.bytes()));
            if (distance < nearest) {
                nearest = distance;
                best = c.bytesPerSecond();
            }
        }
        return best;
    }

    /**
     * The roof over a case.
     *
     * @param touched bytes that the runs of a measurement touch before they meet the same memory
     *     again
     */
    public Bound bound(Cost cost, double touched) {
        double arithmeticTime = flops > 0 ? cost.flops() / flops : 0;
        double bandwidth = bandwidth(touched);
        double memoryTime = bandwidth > 0 ? cost.bytes() / bandwidth : 0;
        return new Bound(memoryTime >= arithmeticTime, Math.max(memoryTime, arithmeticTime));
    }
}
