package io.tatara.kernels.pool;

/** How {@link Upsample} makes an element of those around its place. */
public enum UpsampleMode {
    /** Output o is input ⌊o · H / Ho⌋, as PyTorch's and ONNX's asymmetric floor. */
    NEAREST,

    /** Blend of the four elements around the place of half-pixel centres: (o + ½) · H / Ho − ½. */
    BILINEAR,

    /** Bilinear with corners on corners: place o · (H − 1) / (Ho − 1). */
    BILINEAR_ALIGNED
}
