package io.tatara.kernels;

/**
 * What an op must at least do: floating-point operations (a fused multiply-add counts two) and
 * compulsory bytes (each input read once, each output written once). The benchmark divides both by
 * the measured time.
 */
public record Cost(double flops, double bytes) {
    /** Cost with the compulsory bytes of these inputs (null where absent) and outputs. */
    public static Cost of(double flops, TensorSpec[] inputs, TensorSpec[] outputs) {
        double bytes = 0;
        for (TensorSpec s : inputs) {
            bytes += s == null ? 0 : s.bytes();
        }
        for (TensorSpec s : outputs) {
            bytes += s == null ? 0 : s.bytes();
        }
        return new Cost(flops, bytes);
    }
}
