package io.tatara.kernels.position;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Positions on OpenCL and CUDA from one text; see position.cl. */
final class PositionGpu {
    private static final int LOCAL = 64;

    private PositionGpu() {}

    /** A source of this room behind the functions of angles. */
    static String source(String file) {
        return GpuSources.load(PositionGpu.class, "angles.cl")
                + GpuSources.load(PositionGpu.class, file);
    }

    /** What tells a program of the type and whether there are start positions. */
    static List<Object> defines(TensorSpec[] in) {
        return new ArrayList<>(
                Arrays.asList(
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()),
                        "STARTS",
                        in[1] == null ? 0 : 1));
    }

    /** The defines of a rotation. */
    static List<Object> defines(Rotary op, TensorSpec[] in) {
        List<Object> d = defines(in);
        d.addAll(List.of("ROTARY", 1, "HALVES", op.style() == RotaryStyle.HALVES ? 1 : 0));
        return d;
    }

    /** The ratio of a rotation's frequencies; of no meaning where nothing is rotated. */
    static Turns turns(Rotary op, TensorSpec x) {
        return Turns.of(Math.max(2, op.rotated(x)), op.base());
    }

    /** What a rotation's sines are multiplied by. */
    static float sign(Rotary op) {
        return op.inverse() ? -1 : 1;
    }

    static GpuPlan sinusoidal(
            SinusoidalPosition op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Places p = Places.of(op, in[0], in[1] != null);
        if (p.isEmpty()) {
            return GpuPlan.NOTHING;
        }
        int pairs = (p.d() + 1) / 2;
        Turns turns = Turns.of(p.d(), SinusoidalPosition.BASE);
        return plan(defines(in), in, p, pairs, p.d(), turns, op.scale(), traits);
    }

    static GpuPlan rotary(Rotary op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Places p = Places.of(op, in[0]);
        if (p.isEmpty()) {
            return GpuPlan.NOTHING;
        }
        int rotated = op.rotated(in[0]);
        int items = rotated / 2 + (p.d() - rotated + 1) / 2;
        return plan(defines(op, in), in, p, items, rotated, turns(op, in[0]), sign(op), traits);
    }

    /**
     * @param items work-items of a position: one a pair of columns
     */
    private static GpuPlan plan(
            List<Object> defines,
            TensorSpec[] in,
            Places p,
            int items,
            int rotated,
            Turns turns,
            float scale,
            GpuTraits traits) {
        GpuProgram program =
                GpuProgram.of("position/position.cl", source("position.cl"), defines.toArray());
        int local = Math.min(LOCAL, traits.maxWorkGroup());
        int all = Math.multiplyExact(p.length(), items);
        int blocks = (int) ((all + (long) local - 1) / local);
        return GpuPlan.builder()
                .launch(
                        program,
                        "positions",
                        new int[] {Math.multiplyExact(p.sequences(), blocks), 1, 1},
                        new int[] {local, 1, 1},
                        GpuPlan.in(0),
                        in[1] == null ? null : GpuPlan.in(1),
                        GpuPlan.out(0),
                        all,
                        blocks,
                        items,
                        p.heads(),
                        p.d(),
                        rotated,
                        p.sequenceStride(),
                        p.headStride(),
                        p.stride(),
                        turns.high(),
                        turns.low(),
                        scale)
                .build();
    }
}
