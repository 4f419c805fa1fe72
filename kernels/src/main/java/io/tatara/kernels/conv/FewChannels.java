package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/** Data gradients for images with few channels on CUDA; see few.cu. */
final class FewChannels implements GpuKernel<Conv2dDataGradient> {
    private static final int MOST_CHANNELS = 4;
    private static final int LEAST_TERMS = 8;
    private static final int MOST_TAPS = 64;
    private static final int MOST_SUMS = 40;
    private static final int MOST_CELLS = 4;

    /** Elements of a window, of which each has a bit. */
    private static final int MOST_WINDOW = 32;

    private static final int PARTS = 8;
    private static final int SHARED_BYTES = 56 << 10;

    /**
     * One axis: the window of a cell of {@code stride} pixels.
     *
     * @param low first element of the window of cell 0
     * @param count elements
     */
    private record Window(int low, int count) {
        static Window of(int stride, int pad, int taps) {
            int low = -Math.floorDiv(taps - 1 - pad, stride);
            return new Window(low, Math.floorDiv(stride - 1 + pad, stride) - low + 1);
        }
    }

    @Override
    public String variant() {
        return "few-channels";
    }

    @Override
    public boolean supports(Conv2dDataGradient op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cuda(75) || traits.maxShared() < SHARED_BYTES) {
            return false;
        }
        ConvShape s = op.shape(in);
        ConvWindow v = s.window();
        return s.n() > 0
                && s.cg() <= MOST_CHANNELS
                && s.mg() >= LEAST_TERMS
                && s.taps() <= MOST_TAPS
                && v.dilationY() == 1
                && v.dilationX() == 1
                && cells(s) > 0;
    }

    /** Cells of a thread, 0 where not even one is possible. */
    private static int cells(ConvShape s) {
        ConvWindow v = s.window();
        if ((long) v.strideY() * v.strideX() > MOST_SUMS) {
            return 0;
        }
        int rows = Window.of(v.strideY(), v.padTop(), s.kh()).count;
        int columns = Window.of(v.strideX(), v.padLeft(), s.kw()).count;
        int sums = v.strideY() * v.strideX() * s.cg();
        int most = Math.min(MOST_CELLS, MOST_SUMS / sums);
        return Math.clamp(MOST_WINDOW / columns - rows + 1, 0, most);
    }

    @Override
    public GpuPlan plan(
            Conv2dDataGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        ConvShape s = op.shape(in);
        ConvWindow v = s.window();
        Window y = Window.of(v.strideY(), v.padTop(), s.kh());
        Window x = Window.of(v.strideX(), v.padLeft(), s.kw());
        int cells = cells(s);
        int slice = Math.min(ConvGpu.ceil(s.mg(), PARTS), SHARED_BYTES / (16 * PARTS * s.taps()));
        slice *= PARTS;
        List<Object> defines = new ArrayList<>();
        defines.addAll(List.of("KH", s.kh(), "KW", s.kw(), "SY", v.strideY(), "SX", v.strideX()));
        defines.addAll(List.of("PY", v.padTop(), "PX", v.padLeft(), "OC", s.cg()));
        defines.addAll(List.of("CELLS", cells, "SLICE", slice, "ROWS", y.count, "COLS", x.count));
        defines.addAll(List.of("LOW_Y", "(" + y.low + ")", "LOW_X", "(" + x.low + ")"));
        // Later architectures' code needs more registers than two blocks leave.
        defines.addAll(List.of("BLOCKS", traits.arch() >= 100 ? 1 : 2));
        defines.addAll(List.of("STORAGE", GpuProgram.storage(in[0].dtype())));
        GpuProgram program =
                GpuProgram.of("conv/few.cu", ConvGpu.text("few.cu"), defines.toArray())
                        .withHeaders(List.of("warp.cuh"));
        int high = ConvGpu.ceil(ConvGpu.ceil(s.h(), v.strideY()), cells);
        int across = ConvGpu.ceil(s.w(), v.strideX());
        int sums = cells * v.strideY() * v.strideX() * s.cg();
        return GpuPlan.builder()
                .launch(
                        program,
                        "conv_few",
                        new int[] {
                            ConvGpu.ceil(s.n() * high * across, 32),
                            1,
                            Math.min(s.groups(), 1 << 15)
                        },
                        new int[] {PARTS * 32, 1, 1},
                        Math.max(16 * slice * s.taps(), 4 * PARTS * 32 * sums),
                        false,
                        new Object[] {
                            GpuPlan.in(0),
                            GpuPlan.in(1),
                            GpuPlan.out(0),
                            s.n(),
                            s.groups(),
                            s.mg(),
                            s.ho(),
                            s.wo(),
                            s.h(),
                            s.w(),
                            high,
                            across
                        })
                .build();
    }
}
