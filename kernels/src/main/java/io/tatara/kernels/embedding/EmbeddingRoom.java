package io.tatara.kernels.embedding;

import io.tatara.kernels.DType;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.List;

/** The lines of this room in the op table. */
public final class EmbeddingRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            Embedding.class,
                            "embedding",
                            EmbeddingKernels::reference,
                            List.of(EmbeddingKernels::jvm),
                            List.of(new EmbeddingCuda(), EmbeddingKernels::gpu),
                            EmbeddingRoom::cases),
                    new OpEntry<>(
                            EmbeddingGradient.class,
                            "embedding_gradient",
                            EmbeddingKernels::gradientReference,
                            List.of(EmbeddingKernels::gradientJvm),
                            List.of(new EmbeddingGradientCuda(), EmbeddingKernels::gradientGpu),
                            EmbeddingRoom::gradientCases));

    private static final Data WILD =
            Data.integers(0, 9).sprinkled(3, -1, 10, Integer.MIN_VALUE, Integer.MAX_VALUE);

    private EmbeddingRoom() {}

    private static Case look(String name, int padding, int v, int d, Data ids, int... shape) {
        return Case.of(name, new Embedding(padding))
                .in(TensorSpec.f32(v, d))
                .in(TensorSpec.i32(shape), ids)
                .exact();
    }

    private static List<Case> cases() {
        List<Case> cases =
                List.of(
                        look("one id", -1, 5, 8, Data.of(3)),
                        look("sentences", -1, 10, 7, Data.integers(0, 9), 3, 4),
                        // The padding row is read but by definition gets no gradient, which finite
                        // differences would miss.
                        look("padding", 0, 10, 16, Data.integers(0, 3), 2, 9).noGradient(),
                        look("width 1", -1, 4, 1, Data.integers(0, 3), 11),
                        look("empty batch", -1, 4, 3, Data.constant(0), 0, 5),
                        look("out of range", -1, 10, 5, WILD, 40).noGradient(),
                        look("no rows", -1, 0, 5, Data.constant(0), 4).noGradient(),
                        look("32000x512", 0, 32000, 512, Data.integers(0, 31999), 64, 64).bench(),
                        look("8-byte pieces", -1, 10, 6, WILD, 41).noGradient(),
                        // More pieces than a block moves.
                        look("several blocks", -1, 50, 260, Data.integers(0, 49), 90).noGradient(),
                        Case.of("32000x1024 bfloat16", new Embedding(-1))
                                .in(TensorSpec.of(DType.BFLOAT16, 32000, 1024))
                                .in(TensorSpec.i32(65536), Data.integers(0, 31999))
                                .exact()
                                .bench());
        return Case.withHalves(
                cases, "sentences", "padding", "width 1", "out of range", "8-byte pieces");
    }

    private static Case back(String name, int padding, int v, Data ids, Data dy, int count, int d) {
        return Case.of(name, new EmbeddingGradient(v, padding))
                .in(TensorSpec.i32(count), ids)
                .in(TensorSpec.f32(count, d), dy)
                .reduction(count);
    }

    private static List<Case> gradientCases() {
        Data whole = Data.integers(-9, 9);
        List<Case> cases =
                List.of(
                        back("one", -1, 5, Data.of(3), whole, 1, 8).exact(),
                        back("sums", -1, 10, Data.integers(0, 9), whole, 57, 7).exact(),
                        back("normal", -1, 10, Data.integers(0, 9), Data.normal(), 300, 16),
                        back("padding", 2, 4, Data.integers(0, 3), whole, 40, 5).exact(),
                        back("out of range", -1, 10, WILD, whole, 70, 3).exact(),
                        back(
                                        "NaN in padding",
                                        1,
                                        3,
                                        Data.constant(1),
                                        Data.constant(Double.NaN),
                                        4,
                                        3)
                                .exact(),
                        back("empty batch", -1, 6, Data.constant(0), whole, 0, 3).exact(),
                        back("no rows", -1, 0, Data.constant(0), whole, 3, 3).exact(),
                        back("one id often", -1, 3, Data.constant(1), whole, 4500, 2).exact(),
                        back("many segments", -1, 3000, Data.integers(0, 2999), whole, 6000, 4)
                                .exact(),
                        Case.of("sentences", new EmbeddingGradient(9, 0))
                                .in(TensorSpec.i32(3, 5), Data.integers(0, 8))
                                .in(TensorSpec.f32(3, 5, 6), whole)
                                .exact(),
                        back(
                                        "32000x512",
                                        0,
                                        32000,
                                        Data.integers(0, 31999),
                                        Data.normal(),
                                        4096,
                                        512)
                                .bench(),
                        back("frequent ids", -1, 7, Data.integers(0, 6), whole, 900, 16).exact(),
                        back("ids of two segments", 3, 9, WILD, whole, 2500, 8).exact(),
                        back(
                                        "32000x1024",
                                        -1,
                                        32000,
                                        Data.integers(0, 31999),
                                        Data.normal(),
                                        65536,
                                        1024)
                                .as(DType.BFLOAT16)
                                .bench());
        return Case.withHalves(
                cases, "one", "sums", "padding", "out of range", "one id often", "frequent ids");
    }
}
