package io.tatara.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every library does the same work as ours, in small sizes: all numbers are compared. */
class SameResultsTest {
    private static final Map<String, Supplier<Contestant>> MAKERS = new LinkedHashMap<>();
    private static final Map<String, Contestant> OPEN = new LinkedHashMap<>();

    static {
        MAKERS.put("ours", () -> new Ours("jvm"));
        MAKERS.put(Contestants.ONNX_RUNTIME, () -> new OnnxRuntime(1));
        MAKERS.put(Contestants.PYTORCH, () -> new PyTorch(false));
        MAKERS.put(Contestants.ONEDNN, () -> new PyTorch(true));
        MAKERS.put(Contestants.ND4J, Nd4jArrays::new);
        if (clBlast()) {
            MAKERS.put(Contestants.CLBLAST, ClBlast::new);
        }
        if (!System.getProperty("tatara.peers.openblas", "").isEmpty()) {
            MAKERS.put(Contestants.OPENBLAS, OpenBlas::new);
        }
    }

    private static boolean clBlast() {
        try {
            SymbolLookup.libraryLookup("libclblast.so.1", Arena.global());
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static PeerCase small(Kind kind, Object... sizes) {
        return PeerCase.of(kind.name().toLowerCase(), kind, 0, 0, sizes);
    }

    private static Object[] conv(int c, int m, int k, int stride, int groups) {
        return new Object[] {
            "n", 2, "c", c, "size", 9, "m", m, "k", k, "stride", stride, "groups", groups
        };
    }

    private static List<PeerCase> cases() {
        Object[] layer = {"h", 24, "b", 3, "t", 5};
        Object[] rows = {"rows", 7, "n", 33};
        Object[] full = {"h", 2, "t", 19, "d", 16, "causal", 0};
        Object[] causal = {"h", 2, "t", 19, "d", 16, "causal", 1};
        Object[] table = {"v", 50, "d", 12, "ids", 31};
        return List.of(
                small(Kind.MATMUL, "m", 13, "n", 29, "k", 37),
                small(Kind.MATMUL_WEIGHT, "m", 3, "n", 29, "k", 37),
                small(Kind.LSTM, layer),
                small(Kind.GRU, layer),
                small(Kind.LSTM_TRAINING, layer),
                small(Kind.GRU_TRAINING, layer),
                small(Kind.ATTENTION, full),
                small(Kind.ATTENTION, causal),
                small(Kind.ATTENTION, "h", 2, "t", 1100, "d", 16, "causal", 1),
                small(Kind.ATTENTION_GRADIENT, full),
                small(Kind.ATTENTION_GRADIENT, causal),
                small(Kind.SOFTMAX, rows),
                small(Kind.LAYER_NORM, rows),
                small(Kind.CROSS_ENTROPY, rows),
                small(Kind.CROSS_ENTROPY_TRAINING, rows),
                small(Kind.EMBEDDING, table),
                small(Kind.EMBEDDING_GRADIENT, table),
                small(Kind.SEPARABLE, "n", 2, "c", 5, "size", 9, "m", 7, "stride", 2),
                small(Kind.SEPARABLE_PARTS, "n", 2, "c", 5, "size", 9, "m", 7, "stride", 2),
                small(Kind.CONV, conv(3, 5, 3, 2, 1)),
                small(Kind.CONV, conv(6, 6, 3, 1, 6)),
                small(Kind.CONV, conv(4, 9, 1, 1, 1)),
                small(Kind.CAUSAL, "c", 6, "skip", 7, "t", 40, "dilation", 4),
                small(Kind.GATED_CAUSAL, "c", 6, "skip", 7, "t", 40, "dilation", 4),
                small(Kind.ADAM, "tensors", 2, "n", 100));
    }

    static Stream<Arguments> pairs() {
        return cases().stream()
                .flatMap(c -> MAKERS.keySet().stream().skip(1).map(name -> Arguments.of(name, c)));
    }

    /** Null where the library has no such thing. */
    private static float[] result(String name, PeerCase c) {
        Contestant who = OPEN.computeIfAbsent(name, n -> MAKERS.get(n).get());
        try (Contestant.Work w = who.prepare(c)) {
            if (w == null) {
                return null;
            }
            w.run();
            return c.comparable(w.result());
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("pairs")
    void sameAsOurs(String name, PeerCase c) {
        float[] got = result(name, c);
        float[] want = result("ours", c);
        if (got == null || want == null) {
            return; // nothing to compare
        }
        assertThat(got).hasSameSizeAs(want);
        double diff = 0;
        double norm = 0;
        for (int i = 0; i < got.length; i++) {
            diff += Math.pow(got[i] - want[i], 2);
            norm += Math.pow(want[i], 2);
        }
        assertThat(norm).isPositive();
        double tolerance = c.kind() == Kind.ADAM ? 2e-4 : 1e-5;
        assertThat(Math.sqrt(diff / norm)).isLessThan(tolerance);
    }
}
