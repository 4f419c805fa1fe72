package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalShape.at;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;

/**
 * One sample through the stack on the JVM. Weights are read once a sample and are the roof, so they
 * are {@link Packed}, with eight vectors of outputs in registers.
 */
final class StepJvm {
    private final WaveNetStep op;
    private final JvmArray[] in;
    private final JvmArray[] out;
    private final JvmContext ctx;
    private final StackShape e;
    private final CausalTiles tiles;
    private final Packed gate;
    private final Packed residual;
    private final Packed skip;

    StepJvm(WaveNetStep op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        this.op = op;
        this.in = in;
        this.out = out;
        this.ctx = ctx;
        e =
                WaveNetStep.extents(
                        Arrays.stream(in)
                                .map(a -> a == null ? null : a.spec())
                                .toArray(TensorSpec[]::new));
        tiles = CausalTiles.of(ctx);
        int l = e.layers();
        gate = Packed.of(tiles, in[WaveNetStep.WEIGHT], l, 2 * e.d(), e.c(), e.k());
        residual = Packed.of(tiles, in[WaveNetStep.RESIDUAL_WEIGHT], l, e.c(), e.d(), 1);
        skip = Packed.of(tiles, in[WaveNetStep.SKIP_WEIGHT], l, e.s(), e.d(), 1);
    }

    static void step(WaveNetStep op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        StepJvm step = new StepJvm(op, in, out, ctx);
        ctx.workers()
                .parallelFor(
                        step.e.n(),
                        1,
                        (from, to) -> {
                            for (int n = from; n < to; n++) {
                                step.sequence(n);
                            }
                        });
        step.advance();
    }

    /** Moves the rings on, when all sequences have seen the sample. */
    void advance() {
        int[] slots = out[3].i();
        for (int l = 0; l < e.layers(); l++) {
            int reach = op.reach(l, e.k());
            slots[l] = reach == 0 ? 0 : (slot(l, reach) + 1) % reach;
        }
    }

    private int slot(int layer, int reach) {
        return reach == 0 ? 0 : Math.floorMod(in[WaveNetStep.SLOTS].i()[layer], reach);
    }

    void sequence(int n) {
        int depth = Math.max(e.k() * e.c(), e.d());
        float[] seen = ctx.acquire(Math.max(1, depth));
        int rows = Math.max(gate.padded(), Math.max(residual.padded(), skip.padded()));
        float[] sums = ctx.acquire(Math.max(1, rows));
        float[] y = out[WaveNetStep.Y].f();
        float[] skips = out[WaveNetStep.SKIP].f();
        try {
            System.arraycopy(in[WaveNetStep.X].f(), n * e.c(), y, n * e.c(), e.c());
            Arrays.fill(skips, n * e.s(), (n + 1) * e.s(), 0);
            int ring = n * e.q();
            for (int l = 0; l < e.layers(); l++) {
                int reach = op.reach(l, e.k());
                queue(l, ring, reach, y, n * e.c(), seen);
                ring += reach * e.c();
                gates(n, l, seen, sums);
                residual.times(tiles, l, seen, sums);
                add(at(in, WaveNetStep.RESIDUAL_BIAS), l, sums, y, n, e.c());
                skip.times(tiles, l, seen, sums);
                add(at(in, WaveNetStep.SKIP_BIAS), l, sums, skips, n, e.s());
            }
        } finally {
            ctx.release(sums);
            ctx.release(seen);
        }
    }

    /** What the taps see, [K, C]; the sample takes the place of the oldest in its ring. */
    private void queue(int layer, int ring, int reach, float[] x, int xo, float[] seen) {
        float[] queue = out[2].f();
        int slot = slot(layer, reach);
        int dilation = op.dilations().get(layer);
        int c = e.c();
        for (int k = 0; k < e.k() - 1; k++) {
            int from = ring + (slot + k * dilation) % reach * c;
            System.arraycopy(queue, from, seen, k * c, c);
        }
        System.arraycopy(x, xo, seen, (e.k() - 1) * c, c);
        if (reach > 0) {
            System.arraycopy(x, xo, queue, ring + slot * c, c);
        }
    }

    /** From what the taps see to z, in the same place. */
    private void gates(int n, int layer, float[] seen, float[] sums) {
        int d = e.d();
        gate.times(tiles, layer, seen, sums);
        Lanes lanes = ctx.lanes();
        JvmArray bias = in[WaveNetStep.BIAS];
        if (bias != null) {
            lanes.binary(BinaryOp.ADD, sums, 0, bias.f(), layer * 2 * d, sums, 0, 2 * d);
        }
        JvmArray condition = in[WaveNetStep.CONDITION];
        if (condition != null) {
            int from = (n * e.layers() + layer) * 2 * d;
            lanes.binary(BinaryOp.ADD, sums, 0, condition.f(), from, sums, 0, 2 * d);
        }
        lanes.unary(UnaryOp.TANH, sums, 0, sums, 0, d);
        lanes.unary(UnaryOp.SIGMOID, sums, d, sums, d, d);
        lanes.binary(BinaryOp.MUL, sums, 0, sums, d, seen, 0, d);
    }

    /** y += sums + bias. */
    private void add(JvmArray bias, int layer, float[] sums, float[] y, int n, int rows) {
        Lanes lanes = ctx.lanes();
        lanes.binary(BinaryOp.ADD, y, n * rows, sums, 0, y, n * rows, rows);
        if (bias != null) {
            lanes.binary(BinaryOp.ADD, y, n * rows, bias.f(), layer * rows, y, n * rows, rows);
        }
    }
}
