package io.tatara.kernels.matmul;

/** How exactly float32 products are computed; products of other dtypes know no difference. */
public enum Precision {
    /** Every product and sum in float32. */
    STRICT,
    /**
     * Operands may be rounded to TF32 (8 bits of exponent, 10 of fraction) on the way into the
     * matrix units of NVIDIA GPUs from compute capability 8.0 on; sums stay float32. Devices
     * without such units compute as {@link #STRICT}.
     */
    TF32
}
