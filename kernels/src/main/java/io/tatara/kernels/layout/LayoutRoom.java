package io.tatara.kernels.layout;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.Reference;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.jvm.JvmKernel;
import java.util.List;
import java.util.function.Supplier;

/** The lines of this room in the op table. */
public final class LayoutRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    entry(
                            Fill.class,
                            "fill",
                            FillKernels::reference,
                            FillKernels::jvm,
                            FillKernels::gpu,
                            LayoutCases::fill),
                    moved(
                            Transpose.class,
                            "transpose",
                            LayoutReference::transpose,
                            MoveKernels::transpose,
                            LayoutCases::transpose),
                    moved(
                            Slice.class,
                            "slice",
                            LayoutReference::slice,
                            MoveKernels::slice,
                            LayoutCases::slice),
                    entry(
                            SliceScatter.class,
                            "slice_scatter",
                            LayoutReference::sliceScatter,
                            MoveKernels::scatterJvm,
                            MoveKernels::scatterGpu,
                            LayoutCases::sliceScatter),
                    entry(
                            Concat.class,
                            "concat",
                            LayoutReference::concat,
                            MoveKernels::concatJvm,
                            MoveKernels::concatGpu,
                            LayoutCases::concat),
                    moved(
                            Reshape.class,
                            "reshape",
                            LayoutReference::reshape,
                            MoveKernels::reshape,
                            LayoutCases::reshape),
                    moved(
                            Expand.class,
                            "expand",
                            LayoutReference::expand,
                            MoveKernels::expand,
                            LayoutCases::expand),
                    entry(
                            Gather.class,
                            "gather",
                            LayoutReference::gather,
                            IndexKernels::gatherJvm,
                            IndexKernels::gatherGpu,
                            LayoutCases::gather),
                    entry(
                            GatherGradient.class,
                            "gather_gradient",
                            LayoutReference::gatherGradient,
                            IndexKernels::gatherGradientJvm,
                            IndexKernels::gatherGradientGpu,
                            LayoutCases::gatherGradient),
                    entry(
                            SequenceMask.class,
                            "sequence_mask",
                            LayoutReference::sequenceMask,
                            IndexKernels::maskJvm,
                            IndexKernels::maskGpu,
                            LayoutCases::sequenceMask),
                    entry(
                            Reverse.class,
                            "reverse",
                            LayoutReference::reverse,
                            IndexKernels::reverseJvm,
                            IndexKernels::reverseGpu,
                            LayoutCases::reverse),
                    new OpEntry<>(
                            Cast.class,
                            "cast",
                            LayoutReference::cast,
                            List.of(IndexKernels::castJvm),
                            List.of(new CastCuda(), IndexKernels::castGpu),
                            LayoutCases::cast));

    private LayoutRoom() {}

    private static <O extends Op> OpEntry<O> entry(
            Class<O> type,
            String name,
            Reference<O> reference,
            JvmKernel<O> jvm,
            GpuKernel<O> gpu,
            Supplier<List<Case>> cases) {
        return new OpEntry<>(type, name, reference, List.of(jvm), List.of(gpu), cases);
    }

    private static <O extends Op> OpEntry<O> moved(
            Class<O> type,
            String name,
            Reference<O> reference,
            MoveKernels.Geometry<O> geometry,
            Supplier<List<Case>> cases) {
        return entry(
                type, name, reference, MoveKernels.jvm(geometry), MoveKernels.gpu(geometry), cases);
    }
}
