package io.tatara.kernels.recurrent;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import java.util.Arrays;

/** Small pieces of the kernels on Java arrays. */
final class Jvm {
    private Jvm() {}

    static TensorSpec[] specs(JvmArray[] in) {
        return Arrays.stream(in).map(a -> a == null ? null : a.spec()).toArray(TensorSpec[]::new);
    }

    static float[] floats(JvmArray a) {
        return a == null ? null : a.f();
    }

    static int[] ints(JvmArray a) {
        return a == null ? null : a.i();
    }

    /**
     * What a step hands back to the states before it: dh += δ · w for rows [n0, n0 + rows), nothing
     * where back-propagation is cut. Rows without a step have δ = 0 and keep what they carry.
     */
    static void flow(
            JvmRecurrence r,
            StepWeight w,
            int d,
            int t,
            int n0,
            int rows,
            float[] delta,
            int at,
            int ld,
            float[] dh,
            JvmContext ctx) {
        if (r.cutAll(d, t)) {
            return;
        }
        w.multiply(rows, delta, at, ld, 1, dh, r.state(d, n0), r.e.hidden(), ctx);
        for (int n = n0; n < n0 + rows; n++) {
            if (r.active(t, n) && r.cut(d, t, n)) {
                Arrays.fill(dh, r.state(d, n), r.state(d, n) + r.e.hidden(), 0);
            }
        }
    }
}
