package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.check.Case;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Cases of this room once more in float16 and bfloat16. */
final class HalfCases {
    private static final Set<String> SEQUENCES =
            Set.of(
                    "forward ragged",
                    "reverse",
                    "bidirectional",
                    "bidirectional ragged bare",
                    "bidirectional ragged truncated 2",
                    "one of all",
                    "empty batch",
                    "no steps",
                    "nothing optional",
                    "wide",
                    "chunks",
                    "deep");

    private HalfCases() {}

    /** These, and some of them in half storage. */
    static List<Case> with(List<Case> cases) {
        return with(cases, SEQUENCES);
    }

    private static List<Case> with(List<Case> cases, Set<String> names) {
        List<Case> all = new ArrayList<>(cases);
        Set<String> left = new HashSet<>(names);
        for (Case c : cases) {
            String name = c.name().replace(" reset before", "");
            if (names.contains(name)) {
                left.remove(name);
                for (DType d : List.of(DType.FLOAT16, DType.BFLOAT16)) {
                    all.add(c.as(d).tolerance(between(d)));
                }
            }
        }
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("no cases " + left);
        }
        return all;
    }

    /**
     * Besides the rounding of the results: what passes from step to step (states, gates, deltas) is
     * stored in the type and rounded there, and so may be the input's part of the gates.
     */
    private static double between(DType dtype) {
        return 4 * dtype.roundoff();
    }
}
