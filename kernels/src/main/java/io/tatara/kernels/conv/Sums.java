package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.PackCache;
import java.util.List;

/**
 * What a convolution and its data gradient have in common: a source tensor, a kernel, a result, and
 * the sums along both axes.
 *
 * @param gradient whether result channels are the kernel's inner ones
 * @param ys the sums along the height; each is combined with each of xs
 * @param x source [n, groups · in, height, width]
 * @param in channels of a group of the source
 * @param out channels of a group of the result
 * @param w kernel
 * @param packs place for copies of the kernel, null where there is none
 * @param y result [n, groups · out, outHeight, outWidth]
 * @param finish what follows
 */
record Sums(
        ConvShape shape,
        boolean gradient,
        List<Axis> ys,
        List<Axis> xs,
        float[] x,
        int in,
        int height,
        int width,
        float[] w,
        PackCache packs,
        float[] y,
        int out,
        int outHeight,
        int outWidth,
        Finish finish) {

    static Sums forward(
            ConvShape s, float[] x, float[] w, PackCache packs, float[] y, Finish finish) {
        return rows(s, 0, s.ho(), x, w, packs, y, finish);
    }

    /** Rows [first, end) of the output alone. */
    static Sums rows(
            ConvShape s,
            int first,
            int end,
            float[] x,
            float[] w,
            PackCache packs,
            float[] y,
            Finish finish) {
        ConvWindow v = s.window();
        int pad = v.padTop() - first * v.strideY();
        return new Sums(
                s,
                false,
                List.of(Axis.forward(end - first, v.strideY(), pad, v.dilationY(), s.kh())),
                List.of(Axis.forward(s.wo(), v.strideX(), v.padLeft(), v.dilationX(), s.kw())),
                x,
                s.cg(),
                s.h(),
                s.w(),
                w,
                packs,
                y,
                s.mg(),
                end - first,
                s.wo(),
                finish);
    }

    static Sums gradient(
            ConvShape s, float[] dy, float[] w, PackCache packs, float[] dx, Finish finish) {
        ConvWindow v = s.window();
        return new Sums(
                s,
                true,
                Axis.gradient(s.h(), v.strideY(), v.padTop(), v.dilationY(), s.kh()),
                Axis.gradient(s.w(), v.strideX(), v.padLeft(), v.dilationX(), s.kw()),
                dy,
                s.mg(),
                s.ho(),
                s.wo(),
                w,
                packs,
                dx,
                s.cg(),
                s.h(),
                s.w(),
                finish);
    }

    /** Where a tap stands in the kernel, for channels of a group. */
    int weight(int group, int result, int source, Axis ay, int ty, Axis ax, int tx) {
        int outer = gradient ? source : result;
        int inner = gradient ? result : source;
        int tap =
                (ay.tapStart() + ay.tapStep() * ty) * shape.kw()
                        + ax.tapStart()
                        + ax.tapStep() * tx;
        return ((group * shape.mg() + outer) * shape.cg() + inner) * shape.taps() + tap;
    }

    /** Distances of all taps of a group's source channels, in the order of the sums. */
    int[] bases(Plane plane, Axis ay, Axis ax) {
        int taps = ay.taps() * ax.taps();
        int[] base = new int[in * taps];
        int at = 0;
        for (int ty = 0; ty < ay.taps(); ty++) {
            for (int tx = 0; tx < ax.taps(); tx++) {
                base[at++] = plane.tap(ay, ty, ax, tx);
            }
        }
        for (int size = plane.size(); at < base.length; at++) {
            base[at] = base[at - taps] + size;
        }
        return base;
    }

    /** The same with images as one row, where pixels meet pixels. */
    Sums row() {
        return new Sums(
                shape,
                gradient,
                ys,
                xs,
                x,
                in,
                1,
                height * width,
                w,
                packs,
                y,
                out,
                1,
                outHeight * outWidth,
                finish);
    }

    /** Whether results are a stride apart. */
    boolean apart() {
        return ys.getFirst().outStep() > 1 || xs.getFirst().outStep() > 1;
    }

    Plane plane() {
        return Plane.of(height, width, ys, xs);
    }
}
