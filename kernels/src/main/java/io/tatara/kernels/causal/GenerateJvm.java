package io.tatara.kernels.causal;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.Philox;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;

/** Samples one after the other on the JVM: the step's layers, then the last two products. */
final class GenerateJvm {
    private final WaveNetGenerate op;
    private final JvmArray[] in;
    private final JvmArray[] out;
    private final JvmContext ctx;
    private final WaveNetGenerate.Extents e;
    private final CausalTiles tiles;
    private final Packed hidden;
    private final Packed last;
    private final int clock;

    private GenerateJvm(WaveNetGenerate op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        this.op = op;
        this.in = in;
        this.out = out;
        this.ctx = ctx;
        e =
                op.extents(
                        Arrays.stream(in)
                                .map(a -> a == null ? null : a.spec())
                                .toArray(TensorSpec[]::new));
        tiles = CausalTiles.of(ctx);
        hidden = Packed.of(tiles, in[WaveNetGenerate.HIDDEN_WEIGHT], 1, e.h(), e.s(), 1);
        last = Packed.of(tiles, in[WaveNetGenerate.LAST_WEIGHT], 1, e.a(), e.h(), 1);
        clock = in[WaveNetGenerate.CLOCK].i()[0];
    }

    static void generate(WaveNetGenerate op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        GenerateJvm g = new GenerateJvm(op, in, out, ctx);
        float[] x = ctx.acquire(Math.max(1, g.e.n() * g.e.c()));
        float[] y = ctx.acquire(Math.max(1, g.e.n() * g.e.c()));
        float[] skip = ctx.acquire(Math.max(1, g.e.n() * g.e.s()));
        try {
            g.samples(x, y, skip);
        } finally {
            ctx.release(skip);
            ctx.release(y);
            ctx.release(x);
        }
    }

    private void samples(float[] x, float[] y, float[] skip) {
        StepJvm step = step(x, y, skip);
        for (int t = 0; t < op.count(); t++) {
            int now = t;
            ctx.workers()
                    .parallelFor(
                            e.n(),
                            1,
                            (from, to) -> {
                                for (int n = from; n < to; n++) {
                                    embed(n, now, x);
                                    step.sequence(n);
                                    head(n, now, skip);
                                }
                            });
            step.advance();
        }
        out[WaveNetGenerate.CLOCK_OUT].i()[0] = clock + op.count();
    }

    /** All layers of one sample, as the op {@link WaveNetStep} over these arrays. */
    private StepJvm step(float[] x, float[] y, float[] skip) {
        WaveNetStep layers = new WaveNetStep(op.dilations());
        int[] slots = new int[e.layers()];
        for (int l = 0; l < slots.length; l++) {
            int reach = op.reach(l, e.k());
            slots[l] = reach == 0 ? 0 : Math.floorMod(clock, reach);
        }
        JvmArray rings = JvmArray.of(TensorSpec.i32(slots.length), slots);
        JvmArray queue = out[WaveNetGenerate.QUEUE_OUT];
        JvmArray[] stepIn = {
            JvmArray.of(TensorSpec.f32(e.n(), e.c()), x),
            queue,
            rings,
            in[WaveNetGenerate.WEIGHT],
            in[WaveNetGenerate.BIAS],
            in[WaveNetGenerate.CONDITION],
            in[WaveNetGenerate.RESIDUAL_WEIGHT],
            in[WaveNetGenerate.RESIDUAL_BIAS],
            in[WaveNetGenerate.SKIP_WEIGHT],
            in[WaveNetGenerate.SKIP_BIAS]
        };
        JvmArray[] stepOut = {
            JvmArray.of(TensorSpec.f32(e.n(), e.s()), skip),
            JvmArray.of(TensorSpec.f32(e.n(), e.c()), y),
            queue,
            rings
        };
        return new StepJvm(layers, stepIn, stepOut, ctx);
    }

    private void embed(int n, int t, float[] x) {
        Lanes lanes = ctx.lanes();
        int c = e.c();
        JvmArray bias = in[WaveNetGenerate.FIRST_BIAS];
        if (bias == null) {
            Arrays.fill(x, n * c, (n + 1) * c, 0);
        } else {
            System.arraycopy(bias.f(), 0, x, n * c, c);
        }
        JvmArray added = in[WaveNetGenerate.ADDED];
        if (added != null) {
            int from = (n * op.count() + t) * c;
            lanes.binary(BinaryOp.ADD, x, n * c, added.f(), from, x, n * c, c);
        }
        float[] table = in[WaveNetGenerate.TABLE].f();
        int[] history = out[WaveNetGenerate.HISTORY_OUT].i();
        for (int j = 0; j < e.first(); j++) {
            int level = history[n * e.first() + j];
            if (level >= 0 && level < e.a()) {
                int from = (j * e.a() + level) * c;
                lanes.binary(BinaryOp.ADD, x, n * c, table, from, x, n * c, c);
            }
        }
    }

    /** From the skip sum to the level, which becomes history. */
    private void head(int n, int t, float[] skip) {
        float[] between = ctx.acquire(Math.max(1, hidden.padded()));
        float[] logits = ctx.acquire(last.padded());
        float[] seen = ctx.acquire(Math.max(1, e.s()));
        Lanes lanes = ctx.lanes();
        try {
            lanes.unary(UnaryOp.RELU, skip, n * e.s(), seen, 0, e.s());
            hidden.times(tiles, 0, seen, between);
            add(WaveNetGenerate.HIDDEN_BIAS, between, e.h());
            lanes.unary(UnaryOp.RELU, between, 0, between, 0, e.h());
            last.times(tiles, 0, between, logits);
            add(WaveNetGenerate.LAST_BIAS, logits, e.a());
            System.arraycopy(logits, 0, out[WaveNetGenerate.LOGITS].f(), n * e.a(), e.a());
            int level = draw(n, clock + t, logits);
            out[WaveNetGenerate.LEVELS].i()[n * op.count() + t] = level;
            int[] history = out[WaveNetGenerate.HISTORY_OUT].i();
            int from = n * e.first();
            System.arraycopy(history, from + 1, history, from, e.first() - 1);
            history[from + e.first() - 1] = level;
        } finally {
            ctx.release(seen);
            ctx.release(logits);
            ctx.release(between);
        }
    }

    private void add(int bias, float[] y, int rows) {
        JvmArray b = CausalShape.at(in, bias);
        if (b != null) {
            ctx.lanes().binary(BinaryOp.ADD, y, 0, b.f(), 0, y, 0, rows);
        }
    }

    private int draw(int n, int sample, float[] logits) {
        int best = 0;
        for (int i = 1; i < e.a(); i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        if (op.temperature() == 0) {
            return best;
        }
        float top = logits[best];
        float scale = op.temperature();
        float sum = 0;
        for (int i = 0; i < e.a(); i++) {
            logits[i] = (logits[i] - top) / scale;
        }
        ctx.lanes().unary(UnaryOp.EXP, logits, 0, logits, 0, e.a());
        for (int i = 0; i < e.a(); i++) {
            sum += logits[i];
            logits[i] = sum;
        }
        int[] seed = in[WaveNetGenerate.SEED].i();
        float place = Philox.uniform(seed[0], seed[1], n, sample) * sum;
        int level = 0;
        while (level < e.a() - 1 && !(logits[level] > place)) {
            level++;
        }
        return level;
    }
}
