package io.tatara.kernels.pointwise;

import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.Expr.Binary;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Product;
import io.tatara.kernels.pointwise.Expr.Select;
import io.tatara.kernels.pointwise.Expr.Unary;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.Arrays;

/** Runs an {@link Evaluation} block by block on one thread. */
final class BlockRunner {
    private final Evaluation e;
    private final Lanes lanes;
    private final float[] scratch;
    // Where each step's result of this block stands.
    private final float[][] array;
    private final int[] offset;
    private PhiloxRun random;

    BlockRunner(Evaluation e, float[] scratch, Lanes lanes) {
        this.e = e;
        this.lanes = lanes;
        this.scratch = scratch;
        array = new float[e.nodes.length][];
        offset = new int[e.nodes.length];
        for (int k = 0; k < e.nodes.length; k++) {
            if (e.register[k] >= 0) {
                array[k] = scratch;
                offset[k] = e.register[k] * Evaluation.BLOCK;
                if (e.scalar[k]) {
                    Arrays.fill(scratch, offset[k], offset[k] + Evaluation.BLOCK, e.value[k]);
                }
            }
        }
    }

    /** Computes elements [from, from + n). */
    void run(int from, int n) {
        int last = e.nodes.length - 1;
        if (e.scalar[last]) {
            Arrays.fill(e.out, from, from + n, e.value[last]);
            return;
        }
        array[last] = e.out;
        offset[last] = from;
        for (int k = 0; k <= last; k++) {
            if (!e.scalar[k]) {
                step(k, from, n, k == last);
            }
        }
    }

    private void step(int k, int from, int n, boolean last) {
        int[] a = e.nodes[k].arguments();
        switch (e.nodes[k].expr()) {
            case Input i -> input(k, from, n, last);
            case Uniform u -> {
                if (random == null) {
                    random = new PhiloxRun();
                }
                int[] seed = e.seeds[k];
                random.fill(seed[0], seed[1], u.stream(), from, array[k], offset[k], n);
            }
            case Unary u -> lanes.unary(u.op(), array[a[0]], offset[a[0]], array[k], offset[k], n);
            case Binary b -> binary(b.op(), a[0], a[1], k, n);
            case Product p -> binary(BinaryOp.MUL, a[0], a[1], k, n); // Java never contracts
            case Select s ->
                    lanes.select(
                            array[a[0]],
                            offset[a[0]],
                            array[a[1]],
                            offset[a[1]],
                            array[a[2]],
                            offset[a[2]],
                            array[k],
                            offset[k],
                            n);
            case Constant c -> throw new AssertionError("a constant is a scalar");
        }
    }

    private void input(int k, int from, int n, boolean last) {
        Source s = e.sources[k];
        int at = s.at(from, n);
        if (at < 0) {
            int to = last ? from : e.register[k] * Evaluation.BLOCK;
            array[k] = last ? e.out : scratch;
            offset[k] = to;
            s.collect(from, n, array[k], to);
        } else if (last) {
            System.arraycopy(s.array(), at, e.out, from, n);
        } else {
            array[k] = s.array();
            offset[k] = at;
        }
    }

    private void binary(BinaryOp op, int x, int y, int k, int n) {
        if (e.scalar[y]) {
            lanes.binaryScalar(op, array[x], offset[x], e.value[y], array[k], offset[k], n);
        } else if (e.scalar[x]) {
            lanes.scalarBinary(op, e.value[x], array[y], offset[y], array[k], offset[k], n);
        } else {
            lanes.binary(op, array[x], offset[x], array[y], offset[y], array[k], offset[k], n);
        }
    }
}
