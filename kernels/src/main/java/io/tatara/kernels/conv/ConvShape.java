package io.tatara.kernels.conv;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * The extents of a convolution, checked.
 *
 * @param n images
 * @param c channels of the image
 * @param m channels of the output
 * @param kh taps along the height
 * @param kw taps along the width
 * @param ho rows of the output
 * @param wo columns of the output
 */
record ConvShape(
        ConvWindow window,
        int groups,
        int n,
        int c,
        int h,
        int w,
        int m,
        int kh,
        int kw,
        int ho,
        int wo) {
    /** Most elements of a padded image, so that no index leaves an int. */
    private static final long MAX_PADDED = 1L << 30;

    /**
     * @param c image and kernel by their extents
     * @param image the argument that is blamed where the kernel does not fit
     * @param given its spec
     */
    static ConvShape of(
            Checks check,
            ConvWindow v,
            int groups,
            String image,
            Object given,
            int n,
            int c,
            int h,
            int w,
            int m,
            int kh,
            int kw) {
        check.that(c > 0 && h > 0 && w > 0, image, given, "channels, height and width >= 1");
        check.that(c % groups == 0, image, given, "channels in " + groups + " equal groups");
        int ho = v.outHeight(h, kh);
        int wo = v.outWidth(w, kw);
        check.that(
                ho > 0 && wo > 0,
                image,
                given,
                "an image that, padded, holds a kernel of " + kh + " x " + kw + " taps: " + v);
        double padded =
                ((double) h + v.padTop() + v.padBottom() + v.strideY())
                        * ((double) w + v.padLeft() + v.padRight() + v.strideX())
                        * c;
        check.that(padded <= MAX_PADDED, "window", v, "at most 2^30 elements in a padded image");
        return new ConvShape(v, groups, n, c, h, w, m, kh, kw, ho, wo);
    }

    /** Of a call of {@link Conv2d}: image and kernel given. */
    static ConvShape forward(
            Checks check, ConvWindow v, int groups, TensorSpec x, TensorSpec weight) {
        Shape a = check.rank("x", check.floating("x", x), 4).shape();
        check.dtype("weight", check.rank("weight", weight, 4), x.dtype());
        Shape b = kernel(check, weight, groups);
        check.that(
                a.dim(1) == (long) b.dim(1) * groups,
                "weight",
                weight,
                "channels / groups = " + a.dim(1) + " / " + groups + " channels as x " + x);
        return of(
                check, v, groups, "x", x, a.dim(0), a.dim(1), a.dim(2), a.dim(3), b.dim(0),
                b.dim(2), b.dim(3));
    }

    static Shape kernel(Checks check, TensorSpec weight, int groups) {
        Shape b = weight.shape();
        check.that(b.size() > 0, "weight", weight, "a kernel of at least one tap");
        check.that(
                b.dim(0) % groups == 0, "weight", weight, "kernels in " + groups + " equal groups");
        return b;
    }

    Shape image() {
        return Shape.of(n, c, h, w);
    }

    Shape output() {
        return Shape.of(n, m, ho, wo);
    }

    Shape kernels() {
        return Shape.of(m, cg(), kh, kw);
    }

    /** Channels of the image in a group. */
    int cg() {
        return c / groups;
    }

    /** Channels of the output in a group. */
    int mg() {
        return m / groups;
    }

    int taps() {
        return kh * kw;
    }

    /** Multiplications and additions, those with padding included. */
    double flops() {
        return 2.0 * n * m * ho * wo * cg() * kh * kw;
    }

    /** Whether each channel of the output sees one channel of the image. */
    boolean depthwise() {
        return cg() == 1 && (groups > 1 || m == 1);
    }
}
