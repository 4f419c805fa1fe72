package io.tatara.kernels.pointwise;

import io.tatara.kernels.Shape;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.pointwise.Expr.Binary;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Product;
import io.tatara.kernels.pointwise.Expr.Select;
import io.tatara.kernels.pointwise.Expr.Unary;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.Arrays;

/**
 * A program bound to arrays, the JVM form of {@link Pointwise}: it knows which steps are one number
 * for all elements, which results need scratch, and which piece of scratch ("register", a block
 * long) each gets. Shared by the threads of one call; each makes a {@link BlockRunner} of its own.
 */
final class Evaluation {
    /** Elements of a block: a handful of registers stay in the first-level cache. */
    static final int BLOCK = 1024;

    final Program.Node[] nodes;
    final Source[] sources;
    final boolean[] scalar;
    final float[] value;
    final int[] register;
    final int[][] seeds;
    final float[] out;
    final int size;
    private int registers;

    private Evaluation(Program program, JvmArray[] in, JvmArray y) {
        nodes = program.nodes.toArray(new Program.Node[0]);
        sources = new Source[nodes.length];
        scalar = new boolean[nodes.length];
        value = new float[nodes.length];
        register = new int[nodes.length];
        seeds = new int[nodes.length][];
        out = y.f();
        size = y.size();
        for (int k = 0; k < nodes.length; k++) {
            bind(k, in, y.spec().shape());
        }
        assignRegisters();
    }

    static void run(Pointwise op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int size = out[0].size();
        if (size == 0) {
            return;
        }
        Evaluation e = new Evaluation(Program.of(op.expr()), in, out[0]);
        int blocks = (int) ((size + (long) BLOCK - 1) / BLOCK);
        ctx.workers().parallelFor(blocks, e.grain(), (from, to) -> e.blocks(from, to, ctx));
    }

    private void blocks(int from, int to, JvmContext ctx) {
        float[] scratch = ctx.acquire(registers * BLOCK);
        try {
            BlockRunner runner = new BlockRunner(this, scratch, ctx.lanes());
            for (int b = from; b < to; b++) {
                int start = b * BLOCK;
                runner.run(start, Math.min(BLOCK, size - start));
            }
        } finally {
            ctx.release(scratch);
        }
    }

    /** Blocks that are worth a thread's while: some ten microseconds. */
    private int grain() {
        int cost = 1;
        for (int k = 0; k < nodes.length; k++) {
            cost += scalar[k] ? 0 : cost(nodes[k].expr());
        }
        return Math.max(1, 200 / cost);
    }

    private static int cost(Expr e) {
        return switch (e) {
            case Uniform u -> 40;
            case Binary b -> b.op() == BinaryOp.POW ? 200 : 1;
            case Unary u ->
                    switch (u.op()) {
                        case NEG, ABS, SIGN, SQUARE, RELU, RECIPROCAL, SQRT, RSQRT, FLOOR -> 1;
                        default -> 6;
                    };
            default -> 1;
        };
    }

    private void bind(int k, JvmArray[] in, Shape shape) {
        int[] a = nodes[k].arguments();
        switch (nodes[k].expr()) {
            case Input i -> {
                sources[k] = Source.of(in[i.index()], shape, BLOCK);
                scalar[k] = sources[k].isScalar();
                value[k] = scalar[k] ? sources[k].scalar() : 0;
            }
            case Constant c -> {
                scalar[k] = true;
                value[k] = (float) c.value();
            }
            case Uniform u -> seeds[k] = in[u.input()].i();
            case Unary u -> {
                scalar[k] = scalar[a[0]];
                value[k] = scalar[k] ? PlainLanes.apply(u.op(), value[a[0]]) : 0;
            }
            case Binary b -> {
                scalar[k] = scalar[a[0]] && scalar[a[1]];
                value[k] = scalar[k] ? PlainLanes.apply(b.op(), value[a[0]], value[a[1]]) : 0;
            }
            case Product p -> {
                scalar[k] = scalar[a[0]] && scalar[a[1]];
                value[k] = scalar[k] ? value[a[0]] * value[a[1]] : 0;
            }
            case Select s -> {
                scalar[k] = scalar[a[0]] && scalar[a[1]] && scalar[a[2]];
                value[k] = value[a[0]] != 0 ? value[a[1]] : value[a[2]];
            }
        }
    }

    /**
     * Linear scan: a register is free again after its last reader, and that reader may write into
     * it.
     */
    private void assignRegisters() {
        Arrays.fill(register, -1);
        boolean[] taken = new boolean[nodes.length + 1];
        int[] lastUse = new int[nodes.length];
        for (int k = 0; k < nodes.length; k++) {
            for (int a : nodes[k].arguments()) {
                lastUse[a] = k;
                // A selection takes runs: a number it takes is written out once, and kept.
                if (scalar[a]
                        && !scalar[k]
                        && nodes[k].expr() instanceof Select
                        && register[a] < 0) {
                    register[a] = take(taken);
                }
            }
        }
        for (int k = 0; k < nodes.length; k++) {
            if (scalar[k]) {
                continue;
            }
            for (int a : nodes[k].arguments()) {
                if (!scalar[a] && lastUse[a] == k && register[a] >= 0) {
                    taken[register[a]] = false;
                }
            }
            boolean direct =
                    k == nodes.length - 1 || (sources[k] != null && !sources[k].collects());
            if (!direct) {
                register[k] = take(taken);
            }
        }
    }

    private int take(boolean[] taken) {
        int r = 0;
        while (taken[r]) {
            r++;
        }
        taken[r] = true;
        registers = Math.max(registers, r + 1);
        return r;
    }
}
