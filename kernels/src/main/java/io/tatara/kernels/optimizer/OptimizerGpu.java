package io.tatara.kernels.optimizer;

import static io.tatara.kernels.gpu.GpuPlan.in;
import static io.tatara.kernels.gpu.GpuPlan.out;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/**
 * Launches for the ops of this room: one for several tensors; see optimizer.cl. Pointers to aliased
 * tensors are passed once, as inputs.
 */
final class OptimizerGpu {
    private static final int SGD = 0;
    private static final int SGD_MOMENTUM = 1;
    private static final int ADAM = 2;
    private static final int SCALE = 3;
    private static final int NORM = 4;
    private static final int ADAGRAD = 5;
    private static final int RMS_PROP = 6;

    /** Pieces of a group in the norm, and in steps on CUDA. */
    private static final int NORM_PIECES = 16;

    private static final int CUDA_PIECES = 2;

    /** Whether the program is CUDA's, with four elements an access whatever their type. */
    private final boolean cuda;

    private final GpuTraits traits;

    private OptimizerGpu(GpuTraits traits, boolean cuda) {
        this.traits = traits;
        this.cuda = cuda;
    }

    /** Makes a plan with one of the two forms of the program. */
    @FunctionalInterface
    private interface Planner<O extends Op> {
        GpuPlan plan(OptimizerGpu gpu, O op, TensorSpec[] in);
    }

    /** The forms of an op, preferred first. */
    private static <O extends Op> List<GpuKernel<O>> forms(Planner<O> planner) {
        GpuKernel<O> cuda =
                new GpuKernel<>() {
                    @Override
                    public String variant() {
                        return "cuda";
                    }

                    @Override
                    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
                        return traits.cuda(75);
                    }

                    @Override
                    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits t) {
                        return planner.plan(new OptimizerGpu(t, true), op, in);
                    }
                };
        return List.of(cuda, (op, in, out, t) -> planner.plan(new OptimizerGpu(t, false), op, in));
    }

    static final List<GpuKernel<Sgd>> SGD_FORMS = forms(OptimizerGpu::sgd);
    static final List<GpuKernel<Adam>> ADAM_FORMS = forms(OptimizerGpu::adam);
    static final List<GpuKernel<Adagrad>> ADAGRAD_FORMS = forms(OptimizerGpu::adagrad);
    static final List<GpuKernel<RmsProp>> RMS_PROP_FORMS = forms(OptimizerGpu::rmsProp);
    static final List<GpuKernel<GlobalNorm>> NORM_FORMS = forms(OptimizerGpu::globalNorm);
    static final List<GpuKernel<ScaleAll>> SCALE_FORMS = forms(OptimizerGpu::scaleAll);

    private int local() {
        return Math.min(256, Integer.highestOneBit(traits.maxWorkGroup()));
    }

    private GpuProgram program(int kind, int pieces, TensorBatch batch) {
        List<Object> defines = new ArrayList<>(List.of("KIND", kind, "GROUP", local()));
        defines.addAll(List.of("PER", pieces));
        if (batch != null) {
            defines.addAll(batch.defines());
        }
        return cuda
                ? GpuProgram.cuda(
                        OptimizerGpu.class,
                        "optimizer.cl",
                        List.of("warp.cuh", "lanes.cuh"),
                        defines.toArray())
                : GpuProgram.resource(OptimizerGpu.class, "optimizer.cl", defines.toArray());
    }

    /** Adds a launch for each batch. */
    private void launches(
            GpuPlan.Builder plan,
            int kind,
            String entry,
            List<TensorBatch> batches,
            Object... args) {
        for (TensorBatch b : batches) {
            List<Object> all = new ArrayList<>(List.of(args));
            all.addAll(b.arguments());
            plan.launch(
                    program(kind, pieces(), b),
                    entry,
                    new int[] {b.groups(), 1, 1},
                    new int[] {local(), 1, 1},
                    all.toArray());
        }
    }

    private int pieces() {
        return cuda ? CUDA_PIECES : 1;
    }

    private int elements(int pieces) {
        return 4 * local() * pieces;
    }

    private GpuPlan sgd(Sgd op, TensorSpec[] in) {
        String lists = op.hasMomentum() ? "pgm" : "pg";
        GpuPlan.Builder plan = GpuPlan.builder();
        launches(
                plan,
                op.hasMomentum() ? SGD_MOMENTUM : SGD,
                "sgd",
                TensorBatch.of(in, 1, op.tensors(), lists, elements(pieces())),
                in(0),
                op.weightDecay(),
                op.momentum(),
                op.nesterov() ? 1 : 0);
        return plan.build();
    }

    private GpuPlan adam(Adam op, TensorSpec[] in) {
        GpuPlan.Builder plan = GpuPlan.builder();
        launches(
                plan,
                ADAM,
                "adam",
                TensorBatch.of(in, 1, op.tensors(), "pgmv", elements(pieces())),
                in(0),
                op.beta1(),
                op.beta2(),
                op.epsilon(),
                op.decay(),
                op.penalty());
        return plan.build();
    }

    private GpuPlan adagrad(Adagrad op, TensorSpec[] in) {
        GpuPlan.Builder plan = GpuPlan.builder();
        launches(
                plan,
                ADAGRAD,
                "adagrad",
                TensorBatch.of(in, 1, op.tensors(), "pgv", elements(pieces())),
                in(0),
                op.epsilon(),
                op.weightDecay());
        return plan.build();
    }

    private GpuPlan rmsProp(RmsProp op, TensorSpec[] in) {
        String lists = "pgv" + (op.centered() ? "a" : "") + (op.hasMomentum() ? "m" : "");
        GpuPlan.Builder plan = GpuPlan.builder();
        launches(
                plan,
                RMS_PROP,
                "rms_prop",
                TensorBatch.of(in, 1, op.tensors(), lists, elements(pieces())),
                in(0),
                op.alpha(),
                op.epsilon(),
                op.momentum(),
                op.weightDecay());
        return plan.build();
    }

    private GpuPlan scaleAll(ScaleAll op, TensorSpec[] in) {
        GpuPlan.Builder plan = GpuPlan.builder();
        launches(
                plan,
                SCALE,
                "scale_all",
                TensorBatch.of(in, 1, op.tensors(), "s", elements(pieces())),
                in(0));
        return plan.build();
    }

    private GpuPlan globalNorm(GlobalNorm op, TensorSpec[] in) {
        List<TensorBatch> batches = TensorBatch.of(in, 0, op.tensors(), "g", elements(NORM_PIECES));
        int total = batches.stream().mapToInt(TensorBatch::groups).sum();
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg sums = plan.temporary(4L * total);
        int base = 0;
        for (TensorBatch b : batches) {
            List<Object> args = new ArrayList<>(List.of(sums, base));
            args.addAll(b.arguments());
            plan.launch(
                    program(NORM, NORM_PIECES, b),
                    "square_sums",
                    new int[] {b.groups(), 1, 1},
                    new int[] {local(), 1, 1},
                    args.toArray());
            base += b.groups();
        }
        return plan.launch(
                        program(NORM, NORM_PIECES, null),
                        "norm_of_sums",
                        new int[] {1, 1, 1},
                        new int[] {local(), 1, 1},
                        sums,
                        out(0),
                        total)
                .build();
    }

    static GpuPlan clipScale(ClipScale op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuProgram program = new OptimizerGpu(traits, false).program(NORM, NORM_PIECES, null);
        return GpuPlan.builder()
                .launch1d(program, "clip_scale", 1, 1, in(0), out(0), op.maxNorm())
                .build();
    }

    static GpuPlan lossScale(LossScale op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuProgram program = new OptimizerGpu(traits, false).program(NORM, NORM_PIECES, null);
        return GpuPlan.builder()
                .launch1d(
                        program,
                        "loss_scale",
                        1,
                        1,
                        in(0),
                        in(1),
                        out(1),
                        op.growth(),
                        op.backoff(),
                        (float) op.interval(),
                        op.maxNorm())
                .build();
    }
}
