package io.tatara.kernels.position;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/** Positions on CUDA in 16-byte pieces; see position.cu. */
final class PositionCuda {
    private static final List<String> HEADERS = List.of("warp.cuh", "lanes.cuh");
    private static final int LOCAL = 128;

    /** Threads of a multiprocessor that keep its memory busy; more heads share angles beyond. */
    private static final int BUSY = 1024;

    /** Largest number of groups in y. */
    private static final int MOST_PARTS = 65535;

    private PositionCuda() {}

    /** Makes the plan of a call that has elements. */
    @FunctionalInterface
    private interface Planner<O extends Op> {
        GpuPlan plan(O op, TensorSpec[] in, GpuTraits traits);
    }

    /** Whether rows are made of pieces. */
    @FunctionalInterface
    private interface Whole<O extends Op> {
        boolean of(O op, TensorSpec x, int lanes);
    }

    private static <O extends Op> GpuKernel<O> kernel(Whole<O> whole, Planner<O> planner) {
        return new GpuKernel<>() {
            @Override
            public String variant() {
                return "cuda";
            }

            @Override
            public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
                return traits.cuda(75)
                        && in[0].size() > 0
                        && whole.of(op, in[0], 16 / in[0].dtype().bytes());
            }

            @Override
            public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                return planner.plan(op, in, traits);
            }
        };
    }

    static final GpuKernel<SinusoidalPosition> SINUSOIDAL =
            kernel(
                    (op, x, lanes) -> x.shape().dim(-1) % lanes == 0,
                    (op, in, traits) -> {
                        Places p = Places.of(op, in[0], in[1] != null);
                        List<Object> d = PositionGpu.defines(in);
                        Turns turns = Turns.of(p.d(), SinusoidalPosition.BASE);
                        int items = p.d() * in[0].dtype().bytes() / 16;
                        return plan(d, in, p, items, p.d(), turns, op.scale(), traits);
                    });

    static final GpuKernel<Rotary> ROTARY =
            kernel(
                    PositionCuda::whole,
                    (op, in, traits) -> {
                        Places p = Places.of(op, in[0]);
                        int lanes = 16 / in[0].dtype().bytes();
                        int rotated = op.rotated(in[0]);
                        boolean halves = op.style() == RotaryStyle.HALVES;
                        int items = rotated / lanes / (halves ? 2 : 1) + (p.d() - rotated) / lanes;
                        List<Object> d = PositionGpu.defines(op, in);
                        Turns turns = PositionGpu.turns(op, in[0]);
                        float sign = PositionGpu.sign(op);
                        return plan(d, in, p, items, rotated, turns, sign, traits);
                    });

    private static boolean whole(Rotary op, TensorSpec x, int lanes) {
        int rotated = op.rotated(x);
        int run = op.style() == RotaryStyle.HALVES ? rotated / 2 : rotated;
        return x.shape().dim(-1) % lanes == 0 && run % lanes == 0;
    }

    /**
     * @param items threads of a position
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
        List<Object> all = new ArrayList<>(defines);
        all.addAll(List.of("BLOCK", LOCAL));
        GpuProgram program =
                GpuProgram.of(
                                "position/position.cu",
                                PositionGpu.source("position.cu"),
                                all.toArray())
                        .withHeaders(HEADERS);
        int threads = Math.multiplyExact(p.length(), items);
        long wanted = (long) traits.computeUnits() * BUSY;
        long parts =
                Math.clamp(
                        wanted / ((long) threads * p.sequences()),
                        1,
                        Math.min(p.heads(), MOST_PARTS));
        int blocks = (int) ((threads + (long) LOCAL - 1) / LOCAL);
        int heads = (int) ((p.heads() + parts - 1) / parts);
        return GpuPlan.builder()
                .launch(
                        program,
                        "positions_in_pieces",
                        new int[] {
                            Math.multiplyExact(p.sequences(), blocks),
                            (p.heads() + heads - 1) / heads,
                            1
                        },
                        new int[] {LOCAL, 1, 1},
                        GpuPlan.in(0),
                        in[1] == null ? null : GpuPlan.in(1),
                        GpuPlan.out(0),
                        threads,
                        blocks,
                        items,
                        p.heads(),
                        heads,
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
