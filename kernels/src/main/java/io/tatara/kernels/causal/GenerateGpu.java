package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalGpu.arg;
import static io.tatara.kernels.causal.CausalGpu.flag;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.PointwiseFunctions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Samples one after the other on OpenCL and CUDA from one text; see stack.cl and generate.cl. */
final class GenerateGpu {
    private static final int LOCAL = 256;

    private GenerateGpu() {}

    static GpuPlan generate(
            WaveNetGenerate op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        WaveNetGenerate.Extents e = op.extents(in);
        int local = Math.min(LOCAL, Integer.highestOneBit(traits.maxWorkGroup()));
        int numbers = e.c() * (1 + e.k()) + 2 * e.d() + e.s() + e.h() + e.a();
        boolean inMemory = 4L * (numbers + 6) > traits.localMemory();
        List<Object> defines = defines(op, in);
        defines.addAll(List.of("IN_MEMORY", inMemory ? 1 : 0));
        String text = text(op, "stack.cl", "generate.cl");
        GpuProgram p = GpuProgram.of("causal/generate.cl", text, defines.toArray());
        GpuPlan.Builder plan = GpuPlan.builder();
        Arg scratch = inMemory ? plan.temporary(4L * e.n() * numbers) : null;
        List<Object> args = buffers(in);
        args.addAll(Arrays.asList(scratch, e.layers(), e.q(), op.count(), op.temperature()));
        int[] group = {local, 1, 1};
        plan.launch(p, "samples", new int[] {e.n(), 1, 1}, group, args.toArray());
        return advance(plan, p, op);
    }

    /** The clock moves on when all streams have read it. */
    static GpuPlan advance(GpuPlan.Builder plan, GpuProgram p, WaveNetGenerate op) {
        Arg clock = GpuPlan.out(WaveNetGenerate.CLOCK_OUT);
        return plan.launch1d(p, "advance", 1, 32, clock, op.count()).build();
    }

    /** Sources behind what they ask for. */
    static String text(WaveNetGenerate op, String... files) {
        StringBuilder text = new StringBuilder(PointwiseFunctions.source());
        text.append(LayerGpu.dilations(op.dilations()));
        for (String file : files) {
            text.append("#line 1 \"causal/").append(file).append("\"\n");
            text.append(GpuSources.load(GenerateGpu.class, file));
        }
        return text.toString();
    }

    static List<Object> defines(WaveNetGenerate op, TensorSpec[] in) {
        WaveNetGenerate.Extents e = op.extents(in);
        return new ArrayList<>(
                List.of(
                        "STORAGE", GpuProgram.storage(in[WaveNetGenerate.WEIGHT].dtype()),
                        "CHANNELS", e.c(),
                        "HALF_ROWS", e.d(),
                        "SKIPS", e.s(),
                        "HIDDEN", e.h(),
                        "LEVELS", e.a(),
                        "TAPS", e.k(),
                        "FIRST", e.first(),
                        "FIRST_BIAS", flag(in, WaveNetGenerate.FIRST_BIAS),
                        "ADDED", flag(in, WaveNetGenerate.ADDED),
                        "BIAS", flag(in, WaveNetGenerate.BIAS),
                        "CONDITION", flag(in, WaveNetGenerate.CONDITION),
                        "RESIDUAL_BIAS", flag(in, WaveNetGenerate.RESIDUAL_BIAS),
                        "SKIP_BIAS", flag(in, WaveNetGenerate.SKIP_BIAS),
                        "HIDDEN_BIAS", flag(in, WaveNetGenerate.HIDDEN_BIAS),
                        "LAST_BIAS", flag(in, WaveNetGenerate.LAST_BIAS),
                        "SAMPLING", op.temperature() == 0 ? 0 : 1));
    }

    /** The tensors, in the order of the kernels' arguments. */
    static List<Object> buffers(TensorSpec[] in) {
        List<Object> args = new ArrayList<>();
        args.add(GpuPlan.out(WaveNetGenerate.HISTORY_OUT));
        args.add(GpuPlan.out(WaveNetGenerate.QUEUE_OUT));
        args.add(GpuPlan.out(WaveNetGenerate.CLOCK_OUT));
        for (int i = WaveNetGenerate.SEED; i <= WaveNetGenerate.LAST_BIAS; i++) {
            args.add(arg(in, i));
        }
        args.add(GpuPlan.out(WaveNetGenerate.LEVELS));
        args.add(GpuPlan.out(WaveNetGenerate.LOGITS));
        return args;
    }
}
