package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PanelProduct;
import java.util.List;

/**
 * Under what a weight keeps the packed kernel of a group of {@link Sums}.
 *
 * @param form what the kernel was packed for, a value with equality
 * @param used the taps that count, along both axes
 * @param layout of the panels
 */
record KernelKey(
        Object form,
        boolean gradient,
        int group,
        int outer,
        int inner,
        int taps,
        int width,
        List<Integer> used,
        String layout) {
    static KernelKey of(Object form, Sums s, int g, Axis y, Axis x, JvmContext ctx) {
        ConvShape c = s.shape();
        return new KernelKey(
                form,
                s.gradient(),
                g,
                c.mg(),
                c.cg(),
                c.taps(),
                c.kw(),
                List.of(y.tapStart(), y.tapStep(), y.taps(), x.tapStart(), x.tapStep(), x.taps()),
                PanelProduct.layout(ctx));
    }
}
