package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;

/** Copies the new elements to their places. */
final class CacheAppendJvm {
    private CacheAppendJvm() {}

    static void run(CacheAppend op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        CacheAppend.Extents e = op.extents(in[0].spec(), in[1].spec());
        boolean first = op.layout() == HeadLayout.HEADS_FIRST;
        // Elements that move together: a head's features, or those of all heads.
        int run = first ? e.d() : e.h() * e.d();
        int rows = first ? e.h() : 1;
        for (int n = 0; n < e.n(); n++) {
            long position = in[2].i()[n];
            int from = Math.clamp(-position, 0, e.t());
            int to = Math.clamp(e.capacity() - position, from, e.t());
            for (int r = 0; r < rows && to > from; r++) {
                int source = ((n * rows + r) * e.t() + from) * run;
                int target = (int) ((n * rows + r) * e.capacity() + position + from) * run;
                System.arraycopy(in[1].f(), source, out[0].f(), target, (to - from) * run);
            }
        }
    }
}
