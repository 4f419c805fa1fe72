package io.tatara.kernels.pointwise;

import io.tatara.kernels.gpu.GpuSources;

/**
 * Device functions ({@code tatara_relu}, {@code tatara_gelu}, {@code tatara_uniform} …) in the
 * neutral macros, to stand before a source that uses them or the text of {@link ExprSource}.
 * Including it twice is harmless.
 */
public final class PointwiseFunctions {
    private PointwiseFunctions() {}

    public static String source() {
        return GpuSources.load(PointwiseFunctions.class, "functions.cl");
    }
}
