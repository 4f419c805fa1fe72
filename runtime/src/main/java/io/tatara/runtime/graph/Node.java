package io.tatara.runtime.graph;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;
import java.util.List;

/**
 * A recorded op with what it reads and writes.
 *
 * @param in null where an optional input is absent; the same for the specs
 * @param parts the recorded ops that it was fused from, first to last; itself alone where it was
 *     not
 */
public record Node(
        Op op,
        List<Buffer> in,
        List<TensorSpec> inSpecs,
        List<Buffer> out,
        List<TensorSpec> outSpecs,
        List<Op> parts) {
    /** An op as it was recorded. */
    public static Node of(
            Op op, Buffer[] in, TensorSpec[] inSpecs, Buffer[] out, TensorSpec[] outSpecs) {
        return new Node(
                op,
                Arrays.asList(in.clone()),
                Arrays.asList(inSpecs.clone()),
                List.of(out),
                List.of(outSpecs),
                List.of(op));
    }

    /** Whether it reads the buffer (also where it writes it in place). */
    boolean reads(Buffer b) {
        return in.contains(b);
    }

    /** Whether it writes the buffer in place. */
    boolean overwrites(Buffer b) {
        for (int j = 0; j < out.size(); j++) {
            if (op.alias(j) >= 0 && out.get(j).overlaps(b)) {
                return true;
            }
        }
        return false;
    }

    /** Whether it makes the buffer. */
    boolean makes(Buffer b) {
        for (int j = 0; j < out.size(); j++) {
            if (op.alias(j) < 0 && out.get(j) == b) {
                return true;
            }
        }
        return false;
    }
}
