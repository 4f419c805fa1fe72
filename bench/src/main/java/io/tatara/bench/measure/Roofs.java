package io.tatara.bench.measure;

import io.tatara.kernels.Cost;
import java.util.List;

/**
 * The measured bounds of a device.
 *
 * @param flops floating-point operations a second, fp32, a fused multiply-add counted as two
 * @param arithmetic how that was measured
 * @param copies bandwidth of copies by working set, ascending
 * @param matrix peaks of the matrix units, where there are any
 */
public record Roofs(double flops, String arithmetic, List<Copy> copies, List<Matrix> matrix) {
    /**
     * @param bytes working set: source and destination together
     * @param bytesPerSecond read and written bytes together
     */
    public record Copy(long bytes, double bytesPerSecond) {}

    /**
     * @param arithmetic what goes in: {@code tf32}, {@code float16}, {@code bfloat16}; sums are
     *     float32
     * @param how instruction that was repeated
     */
    public record Matrix(String arithmetic, double flops, String how) {}

    /** Which roof binds a case, and the least time under it. */
    public record Bound(boolean memory, double seconds) {}

    public Roofs {
        copies = List.copyOf(copies);
        matrix = matrix == null ? List.of() : List.copyOf(matrix);
    }

    Roofs(double flops, String arithmetic, List<Copy> copies) {
        this(flops, arithmetic, copies, List.of());
    }

    /** Measures what the JVM can do on so many threads. */
    public static Roofs ofJvm(int threads, boolean quick) {
        return new JvmRoofs(threads, quick).measure();
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

    /** The arithmetic peak: of the matrix units where they do this arithmetic, else fp32's. */
    public double flops(String kind) {
        return matrix.stream()
                .filter(m -> m.arithmetic().equals(kind))
                .mapToDouble(Matrix::flops)
                .max()
                .orElse(flops);
    }

    /**
     * The roof over a case.
     *
     * @param touched bytes that the runs of a measurement touch before they meet the same memory
     *     again
     * @param kind what it is computed in, as {@link Measurement#arithmetic}
     */
    public Bound bound(Cost cost, double touched, String kind) {
        double peak = flops(kind);
        double arithmeticTime = peak > 0 ? cost.flops() / peak : 0;
        double bandwidth = bandwidth(touched);
        double memoryTime = bandwidth > 0 ? cost.bytes() / bandwidth : 0;
        return new Bound(memoryTime >= arithmeticTime, Math.max(memoryTime, arithmeticTime));
    }
}
