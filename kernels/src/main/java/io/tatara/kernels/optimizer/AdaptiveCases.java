package io.tatara.kernels.optimizer;

import static io.tatara.kernels.TensorSpec.f32;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.List;

/** The cases of Adagrad, RMSProp and the scale of the loss. */
final class AdaptiveCases {
    private static final TensorSpec[] MIXED = OptimizerCases.MIXED;
    private static final TensorSpec[] HALF = OptimizerCases.HALF;
    private static final TensorSpec[] BENCH = OptimizerCases.BENCH;
    private static final TensorSpec[] ONE = {f32()};
    private static final DType BF = DType.BFLOAT16;
    private static final Data HYPER = Data.of(0.1, 0.5);
    private static final Data SKIP = Data.of(0.1, Double.POSITIVE_INFINITY);

    /** Mean squares far from the squares of the means, so that their difference is well known. */
    private static final Data SQUARES = Data.uniform(1, 2);

    private static final Data MEANS = Data.normal(0, 0.1);

    private AdaptiveCases() {}

    static List<Case> adagrad() {
        Adagrad five = new Adagrad(5, 1e-10f, 0);
        Adagrad eleven = new Adagrad(11, 1e-10f, 0.01f);
        Data sums = Data.uniform(0, 1);
        return List.of(
                adagrad("first step", five, HYPER, Data.constant(0), MIXED, MIXED),
                adagrad("later step", five, HYPER, sums, MIXED, MIXED),
                adagrad("decay", new Adagrad(5, 0.1f, 0.1f), HYPER, sums, MIXED, MIXED),
                adagrad("one element", new Adagrad(1, 1e-3f, 0), HYPER, sums, ONE, ONE),
                adagrad("skipped", five, SKIP, sums, MIXED, MIXED).exact(),
                adagrad("float16", eleven, HYPER, sums, half(DType.FLOAT16), half(DType.FLOAT16)),
                adagrad("bfloat16", eleven, HYPER, sums, HALF, HALF),
                adagrad("bfloat16 gradients", five, HYPER, sums, MIXED, as(BF, MIXED)),
                adagrad("float32 gradients of bfloat16", eleven, HYPER, sums, HALF, floats(HALF)),
                adagrad("bench", new Adagrad(4, 1e-10f, 0.01f), HYPER, sums, BENCH, BENCH).bench());
    }

    private static Case adagrad(
            String name, Adagrad op, Data hyper, Data sums, TensorSpec[] p, TensorSpec[] g) {
        return OptimizerCases.list(start(name, op, hyper, p, g), sums, floats(p));
    }

    private static Case start(String name, Op op, Data hyper, TensorSpec[] p, TensorSpec[] g) {
        Case c = Case.of(name, op).fixed(f32(2), hyper);
        return OptimizerCases.list(OptimizerCases.list(c, Data.normal(), p), Data.normal(), g);
    }

    static List<Case> rmsProp() {
        RmsProp plain = new RmsProp(5, 0.99f, 1e-8f, false, 0, 0);
        RmsProp all = new RmsProp(5, 0.9f, 1e-8f, true, 0.9f, 0.01f);
        RmsProp eleven = new RmsProp(11, 0.99f, 1e-8f, true, 0.9f, 0.01f);
        RmsProp momentum = new RmsProp(11, 0.99f, 1e-8f, false, 0.9f, 0);
        return List.of(
                rms("first step", plain, HYPER, Data.constant(0), MIXED, MIXED),
                rms("later step", plain, HYPER, SQUARES, MIXED, MIXED),
                rms("centered", new RmsProp(5, 0.9f, 1e-3f, true, 0, 0), HYPER, MIXED),
                rms("momentum", new RmsProp(5, 0.9f, 1e-8f, false, 0.9f, 0), HYPER, MIXED),
                rms("centered, momentum and decay", all, HYPER, MIXED),
                rms("one element", new RmsProp(1, 0, 1, false, 0, 0), HYPER, f32()),
                rms("skipped", all, SKIP, MIXED).exact(),
                rms("float16", eleven, HYPER, half(DType.FLOAT16)),
                rms("bfloat16", momentum, HYPER, HALF),
                rms("bfloat16 gradients", plain, HYPER, SQUARES, MIXED, as(BF, MIXED)),
                rms("float32 gradients of bfloat16", momentum, HYPER, SQUARES, HALF, floats(HALF)),
                rms("bench", new RmsProp(4, 0.99f, 1e-8f, false, 0.9f, 0), HYPER, BENCH).bench());
    }

    private static Case rms(String name, RmsProp op, Data hyper, TensorSpec... specs) {
        return rms(name, op, hyper, SQUARES, specs, specs);
    }

    private static Case rms(
            String name, RmsProp op, Data hyper, Data squares, TensorSpec[] p, TensorSpec[] g) {
        Case c = OptimizerCases.list(start(name, op, hyper, p, g), squares, floats(p));
        c = op.centered() ? OptimizerCases.list(c, MEANS, floats(p)) : c;
        return op.hasMomentum() ? OptimizerCases.list(c, Data.normal(), floats(p)) : c;
    }

    private static TensorSpec[] floats(TensorSpec[] specs) {
        return as(DType.FLOAT32, specs);
    }

    private static TensorSpec[] as(DType type, TensorSpec[] specs) {
        return OptimizerCases.as(type, specs);
    }

    private static TensorSpec[] half(DType type) {
        return OptimizerCases.half(type);
    }

    static List<Case> lossScale() {
        LossScale grows = new LossScale(2, 0.5f, 3, 0);
        double inf = Double.POSITIVE_INFINITY;
        return List.of(
                scale("good", grows, 5, 1024, 0, 7, 2).exact(),
                scale("grows", grows, 5, 1024, 2, 7, 2).exact(),
                scale("infinite", grows, inf, 1024, 2, 7, 2).exact(),
                scale("nan", grows, Double.NaN, 1024, 2, 7, 2).exact(),
                scale("largest", grows, 5, 0x1p24, 2, 0x1p24, 2).exact(),
                scale("smallest", grows, inf, 0x1p-24, 2, 7, 0x1p24).exact(),
                scale("clipped", new LossScale(2, 0.5f, 3, 1), 4096, 1024, 0, 7, 2),
                scale("not clipped", new LossScale(2, 0.5f, 3, 8), 4096, 1024, 0, 7, 2),
                scale("fixed", new LossScale(1, 1, 1, 0), inf, 128, 0, 0, 0).exact());
    }

    private static Case scale(String name, LossScale op, double norm, double... state) {
        return Case.of(name, op).fixed(f32(), Data.of(norm)).fixed(f32(4), Data.of(state));
    }
}
