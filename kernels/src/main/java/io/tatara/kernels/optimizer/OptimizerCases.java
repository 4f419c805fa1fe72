package io.tatara.kernels.optimizer;

import static io.tatara.kernels.TensorSpec.f32;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The cases of this room. */
final class OptimizerCases {
    static final TensorSpec[] MIXED = {f32(7, 13), f32(1), f32(0, 3), f32(1029), f32(3, 9001)};
    private static final DType BF = DType.BFLOAT16;
    static final TensorSpec[] HALF = half(BF);
    private static final TensorSpec[] LARGE = {f32(32000, 1024), f32(4096, 4096)};
    static final TensorSpec[] BENCH = {f32(1024, 1024), f32(1024), f32(4096, 1024), f32(4096)};

    /** More tensors than a launch takes, in a 16-bit type. */
    static TensorSpec[] half(DType type) {
        TensorSpec[] specs = new TensorSpec[11];
        for (int j = 0; j < specs.length; j++) {
            specs[j] = TensorSpec.of(type, j == 6 ? 0 : 37 * j * j + 3);
        }
        return specs;
    }

    static TensorSpec[] as(DType type, TensorSpec... specs) {
        return Arrays.stream(specs).map(s -> s.withDType(type)).toArray(TensorSpec[]::new);
    }

    private static TensorSpec[] both(TensorSpec[] a, TensorSpec[] b) {
        return Stream.concat(Arrays.stream(a), Arrays.stream(b)).toArray(TensorSpec[]::new);
    }

    private OptimizerCases() {}

    /** Adds a list of tensors. */
    static Case list(Case c, Data data, TensorSpec... specs) {
        for (TensorSpec s : specs) {
            c = c.fixed(s, data);
        }
        return c;
    }

    static List<Case> sgd() {
        Data hyper = Data.of(0.1, 0.5);
        return List.of(
                sgd("plain", new Sgd(5, 0, false, 0), hyper, MIXED),
                sgd("decay", new Sgd(5, 0, false, 0.01f), hyper, MIXED),
                sgd("momentum", new Sgd(5, 0.9f, false, 0), hyper, MIXED),
                sgd("nesterov with decay", new Sgd(5, 0.9f, true, 0.01f), hyper, MIXED),
                sgd("one element", new Sgd(1, 0.9f, false, 0), hyper, f32()),
                sgd("rate zero", new Sgd(1, 0, false, 0), Data.of(0, 1), f32(33)).exact(),
                sgd(
                                "skipped",
                                new Sgd(5, 0.9f, false, 0.01f),
                                Data.of(0.1, Double.POSITIVE_INFINITY),
                                MIXED)
                        .exact(),
                sgd("many", new Sgd(11, 0, false, 0.01f), hyper, as(DType.FLOAT32, HALF)),
                sgd("float16", new Sgd(11, 0, false, 0.01f), hyper, half(DType.FLOAT16)),
                sgd("bfloat16", new Sgd(11, 0.9f, true, 0), hyper, HALF),
                sgd("bfloat16 gradients", new Sgd(5, 0.9f, false, 0), hyper, MIXED, as(BF, MIXED)),
                sgd("bench momentum", new Sgd(4, 0.9f, false, 0), hyper, BENCH).bench());
    }

    private static Case sgd(String name, Sgd op, Data hyper, TensorSpec... specs) {
        return sgd(name, op, hyper, specs, specs);
    }

    private static Case sgd(
            String name, Sgd op, Data hyper, TensorSpec[] specs, TensorSpec[] gradients) {
        Case c = Case.of(name, op).fixed(f32(2), hyper);
        c = list(list(c, Data.normal(), specs), Data.normal(), gradients);
        return op.hasMomentum() ? list(c, Data.normal(), as(DType.FLOAT32, specs)) : c;
    }

    static List<Case> adam() {
        return List.of(
                adam(
                        "first step",
                        new Adam(5, 0.9f, 0.999f, 1e-8f, 0),
                        Data.constant(0),
                        Data.of(1e-3, 1, 10, 1000),
                        MIXED),
                adam(
                        "later step",
                        new Adam(5, 0.9f, 0.999f, 1e-8f, 0),
                        Data.uniform(0, 1),
                        Data.of(1e-2, 0.25, 1.5, 20),
                        MIXED),
                adam(
                        "decay",
                        new Adam(5, 0.8f, 0.95f, 1e-4f, 0.1f),
                        Data.uniform(0, 1),
                        Data.of(0.1, 1, 1.2, 2),
                        MIXED),
                adam(
                        "penalty",
                        new Adam(5, 0.8f, 0.95f, 1e-4f, 0.1f, false),
                        Data.uniform(0, 1),
                        Data.of(0.1, 0.5, 1.2, 2),
                        MIXED),
                adam(
                                "skipped",
                                new Adam(5, 0.8f, 0.95f, 1e-4f, 0.1f),
                                Data.uniform(0, 1),
                                Data.of(0.1, Double.POSITIVE_INFINITY, 1.2, 2),
                                MIXED)
                        .exact(),
                adam(
                        "one element",
                        new Adam(1, 0, 0, 1e-3f, 0),
                        Data.constant(0),
                        Data.of(0.1, 1, 1, 1),
                        f32()),
                adam(
                        "float16",
                        new Adam(11, 0.9f, 0.999f, 1e-8f, 0.01f),
                        Data.uniform(0, 1),
                        Data.of(1e-2, 0.25, 1.5, 20),
                        half(DType.FLOAT16)),
                adam(
                        "bfloat16",
                        new Adam(11, 0.9f, 0.999f, 1e-8f, 0),
                        Data.uniform(0, 1),
                        Data.of(1e-2, 0.25, 1.5, 20),
                        HALF),
                adam(
                        "bfloat16 gradients",
                        new Adam(5, 0.9f, 0.999f, 1e-8f, 0),
                        Data.uniform(0, 1),
                        Data.of(1e-2, 0.25, 1.5, 20),
                        MIXED,
                        as(BF, MIXED)),
                adam(
                        "float32 gradients of bfloat16",
                        new Adam(11, 0.9f, 0.999f, 1e-8f, 0),
                        Data.uniform(0, 1),
                        Data.of(1e-2, 0.25, 1.5, 20),
                        HALF,
                        as(DType.FLOAT32, HALF)),
                adam(
                                "bench 50 million, bfloat16 gradients",
                                new Adam(2, 0.9f, 0.999f, 1e-8f, 0.01f),
                                Data.uniform(0, 1),
                                Data.of(1e-3, 1, 1.5, 20),
                                LARGE,
                                as(BF, LARGE))
                        .bench()
                        .large(),
                adam(
                                "bench",
                                new Adam(4, 0.9f, 0.999f, 1e-8f, 0.01f),
                                Data.uniform(0, 1),
                                Data.of(1e-3, 1, 1.5, 20),
                                BENCH)
                        .bench());
    }

    private static Case adam(String name, Adam op, Data moments, Data hyper, TensorSpec... specs) {
        return adam(name, op, moments, hyper, specs, specs);
    }

    private static Case adam(
            String name,
            Adam op,
            Data moments,
            Data hyper,
            TensorSpec[] specs,
            TensorSpec[] gradients) {
        Case c = Case.of(name, op).fixed(f32(4), hyper);
        c = list(list(c, Data.normal(), specs), Data.normal(), gradients);
        TensorSpec[] floats = as(DType.FLOAT32, specs);
        return list(list(c, moments, floats), moments, floats);
    }

    static List<Case> globalNorm() {
        return List.of(
                list(Case.of("mixed", new GlobalNorm(5)), Data.normal(), MIXED).reduction(30000),
                list(Case.of("bfloat16", new GlobalNorm(11)), Data.normal(), HALF).reduction(20000),
                list(Case.of("float16", new GlobalNorm(11)), Data.normal(), half(DType.FLOAT16))
                        .reduction(20000),
                list(Case.of("exact", new GlobalNorm(2)), Data.constant(3), f32(15), f32(1))
                        .exact(),
                list(Case.of("one element", new GlobalNorm(1)), Data.normal(), f32()),
                list(Case.of("empty", new GlobalNorm(2)), Data.normal(), f32(0), f32(2, 0)).exact(),
                list(
                        Case.of("nan", new GlobalNorm(2)),
                        Data.normal().sprinkled(50, Double.NaN),
                        f32(300),
                        f32(200)),
                list(
                        Case.of("infinite", new GlobalNorm(1)),
                        Data.of(1, Double.NEGATIVE_INFINITY, 2),
                        f32(3)),
                list(Case.of("bench", new GlobalNorm(4)), Data.normal(), BENCH).bench());
    }

    static List<Case> clipScale() {
        return List.of(
                clip("below", 1, 0.5),
                clip("above", 1, 4),
                clip("zero", 0.5, 0),
                clip("nan", 1, Double.NaN),
                clip("infinite", 1, Double.POSITIVE_INFINITY));
    }

    private static Case clip(String name, double most, double norm) {
        Op op = new ClipScale((float) most);
        return Case.of(name, op).fixed(f32(), Data.of(norm));
    }

    static List<Case> scaleAll() {
        return List.of(
                list(
                                Case.of("mixed", new ScaleAll(5)).fixed(f32(), Data.of(0.25)),
                                Data.normal(),
                                MIXED)
                        .exact(),
                list(
                                Case.of("mixed types", new ScaleAll(22)).fixed(f32(), Data.of(0.5)),
                                Data.normal(),
                                both(half(DType.FLOAT16), HALF))
                        .exact(),
                list(
                        Case.of("nan", new ScaleAll(1)).fixed(f32(), Data.of(Double.NaN)),
                        Data.normal(),
                        f32(20)),
                list(
                                Case.of("bench", new ScaleAll(4)).fixed(f32(), Data.of(0.5)),
                                Data.normal(),
                                BENCH)
                        .bench());
    }
}
