package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;

/**
 * What ops over lists of tensors share: inputs that stand list after list, and work cut into
 * pieces.
 */
final class TensorLists {
    /** Elements of a piece of work: its arrays stay in the second-level cache. */
    static final int PIECE = 8192;

    /** Elements [from, from + n) of tensor {@code tensor}. */
    @FunctionalInterface
    interface Piece {
        void run(int piece, int tensor, int from, int n);
    }

    private TensorLists() {}

    /**
     * Checks lists of {@code tensors} tensors each that begin at input {@code first}: real, and of
     * the shapes of the first list.
     *
     * @param lists p: parameters, of float32, float16 or bfloat16; g: gradients, of float32 or the
     *     parameter's type, beside float32 parameters of any real type; others: moments of float32
     */
    static void check(Checks checks, TensorSpec[] in, int first, int tensors, String... lists) {
        checks.count(in, first + tensors * lists.length, first + tensors * lists.length);
        for (int j = 0; j < tensors; j++) {
            TensorSpec p = checks.floating(lists[0] + j, in[first + j]);
            for (int l = 1; l < lists.length; l++) {
                String arg = lists[l] + j;
                TensorSpec s = checks.floating(arg, in[first + l * tensors + j]);
                if (!lists[l].equals("g")) {
                    checks.same(arg, s, p.withDType(DType.FLOAT32));
                } else if (p.dtype().isHalf() && s.dtype() != DType.FLOAT32) {
                    checks.same(arg, s, p);
                } else {
                    checks.same(arg, s, p.withDType(s.dtype()));
                }
            }
        }
    }

    /** Number of elements of a list of tensors. */
    static double elements(TensorSpec[] in, int first, int tensors) {
        double n = 0;
        for (int j = 0; j < tensors; j++) {
            n += in[first + j].size();
        }
        return n;
    }

    /** Number of pieces of a list of tensors. */
    static int pieces(JvmArray[] in, int first, int tensors) {
        int n = 0;
        for (int j = 0; j < tensors; j++) {
            n += pieces(in[first + j].size());
        }
        return n;
    }

    private static int pieces(int size) {
        return (int) ((size + (long) PIECE - 1) / PIECE);
    }

    /** Runs body over all pieces of the list that begins at {@code first}, in parallel. */
    static void forEach(JvmArray[] in, int first, int tensors, JvmContext ctx, Piece body) {
        int[] start = new int[tensors + 1];
        for (int j = 0; j < tensors; j++) {
            start[j + 1] = start[j] + pieces(in[first + j].size());
        }
        ctx.workers()
                .parallelFor(
                        start[tensors],
                        2,
                        (from, to) -> {
                            int j = 0;
                            for (int i = from; i < to; i++) {
                                while (start[j + 1] <= i) {
                                    j++;
                                }
                                int at = (i - start[j]) * PIECE;
                                body.run(i, j, at, Math.min(PIECE, in[first + j].size() - at));
                            }
                        });
    }
}
