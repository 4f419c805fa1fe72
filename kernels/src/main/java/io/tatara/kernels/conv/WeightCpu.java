package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** {@code weight_cpu.cl}: packed panels and register tiles for OpenCL on CPUs. */
final class WeightCpu implements GpuKernel<Conv2dWeightGradient> {
    @Override
    public String variant() {
        return "cpu";
    }

    @Override
    public boolean supports(Conv2dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cpu() || traits.api() != GpuTraits.Api.OPENCL) {
            return false;
        }
        ConvShape s = op.shape(in);
        long packed = (long) s.n() * s.ho() * s.wo() * (s.m() + 16L * s.groups());
        return s.n() > 0 && s.mg() >= 4 && s.cg() * s.taps() >= 8 && packed < 1L << 30;
    }

    @Override
    public GpuPlan plan(
            Conv2dWeightGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        ConvShape s = op.shape(in);
        int mr = ConvCpu.rows(traits);
        int k = s.cg() * s.taps();
        int size = s.m() * k;
        int pixels = s.n() * s.ho() * s.wo();
        int panels = ConvGpu.ceil(s.mg(), mr);
        int mp = Math.min(ConvCpu.PANELS, panels);
        int columns = ConvGpu.ceil(k, 2 * traits.lanes());
        long tasks = (long) columns * ConvGpu.ceil(panels, mp) * s.groups();
        int parts = ConvGpu.parts(pixels, size, tasks, traits);
        int each = ConvGpu.ceil(pixels, parts);
        parts = ConvGpu.ceil(pixels, each);
        List<Object> defines = new ArrayList<>();
        defines.addAll(List.of("VEC", traits.lanes(), "MR", mr));
        defines.addAll(List.of("STORAGE", GpuProgram.storage(in[0].dtype())));
        if (parts > 1) {
            defines.addAll(List.of("PARTS", 1));
        }
        String text =
                GpuSources.load(GpuSources.class, "vectors.cl")
                        + ConvGpu.text("tile_cpu.cl")
                        + ConvGpu.text("weights.cl")
                        + ConvGpu.text("weight_cpu.cl");
        GpuProgram program = GpuProgram.of("conv/weight_cpu.cl", text, defines.toArray());
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg packed = plan.temporary(4L * s.groups() * panels * mr * pixels);
        GpuPlan.Arg sums = parts > 1 ? plan.temporary(4L * size * parts) : null;
        int[] one = {1, 1, 1};
        int most = 1 << 15;
        plan.launch(
                program,
                "weight_pack",
                new int[] {ConvGpu.ceil(pixels, 256), Math.min(s.groups() * panels, most), 1},
                one,
                GpuPlan.in(1),
                packed,
                s.n(),
                s.groups(),
                s.mg(),
                s.ho() * s.wo());
        List<Object> all = new ArrayList<>(Arrays.asList(ConvGpu.weightArgs(s, sums, parts, each)));
        all.add(packed);
        all.add(mp);
        int z = (int) Math.min((long) s.groups() * parts, most);
        int[] grid = {columns, ConvGpu.ceil(panels, mp), z};
        plan.launch(program, "weight_blocks", grid, one, all.toArray());
        if (parts > 1) {
            plan.launch1d(program, "weight_total", size, 64, sums, GpuPlan.out(0), size, parts);
        }
        return plan.build();
    }
}
