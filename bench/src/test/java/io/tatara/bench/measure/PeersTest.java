package io.tatara.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.check.Case;
import io.tatara.runtime.spi.DeviceInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The talk with the peers' process, and what becomes of its answers. */
class PeersTest {
    private static final DeviceInfo CPU =
            new DeviceInfo("jvm", 0, "A CPU", "", DeviceInfo.Kind.CPU, 0, Map.of("threads", "2"));
    private static final Roofs ROOFS = new Roofs(1e9, "", List.of());

    private static Peers fake(String manner) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String path = System.getProperty("java.class.path");
        return Peers.of(
                List.of(
                        java,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        path,
                        FakePeer.class.getName(),
                        manner),
                CPU,
                true);
    }

    private static Case matmul() {
        return BenchCases.list(Set.of("matmul"), Set.of(BenchCases.STANDARD), true).getFirst();
    }

    private static Measurement ours(Case c) {
        return Measurement.of(c, 2, new double[] {1, 1, 1, 1}, ROOFS);
    }

    @Test
    void peersAreTimedBesideUs() {
        try (Peers p = fake("well")) {
            assertThat(p.present()).isTrue();
            assertThat(p.facts()).containsEntry("torch", "0.0").containsEntry("on", "cpu");
            List<PeerFigure> figures = p.measure(matmul(), ours(matmul()));
            PeerFigure fast = figures.getFirst();
            assertThat(fast.name()).isEqualTo("fast");
            assertThat(fast.samples()).hasSize(4);
            // Half our time: a loss.
            assertThat(fast.ratio()).isCloseTo(0.5, within(1e-12));
            assertThat(figures.getLast().failure()).isEqualTo("out of memory");
            assertThat(figures.getLast().ratio()).isZero();
            assertThat(p.measure(matmul(), Measurement.skipped(matmul(), "too large"))).isEmpty();
        }
    }

    @Test
    void aPeerThatDiesIsStartedAgain() {
        try (Peers p = fake("dies")) {
            PeerFigure died = p.measure(matmul(), ours(matmul())).getFirst();
            assertThat(died.failure()).contains("ended").contains("illegal memory access");
            // Each process of this manner dies in its first case; none takes us with it.
            assertThat(p.measure(matmul(), ours(matmul())).getFirst().failure()).contains("ended");
            assertThat(p.present()).isTrue();
        }
    }

    @Test
    void whatIsNoAnswerIsAFailure() {
        try (Peers p = fake("babbles")) {
            assertThat(p.measure(matmul(), ours(matmul())).getFirst().failure())
                    .contains("hello there");
        }
    }

    /** Else each answer were taken for the next question's. */
    @Test
    void emptyLinesAreNoAnswers() {
        try (Peers p = fake("pauses")) {
            for (int samples = 3; samples <= 5; samples++) {
                double[] seconds = new double[samples];
                Arrays.fill(seconds, 1);
                Measurement ours = Measurement.of(matmul(), 2, seconds, ROOFS);
                assertThat(p.measure(matmul(), ours).getFirst().samples()).hasSize(samples);
            }
        }
    }

    @Test
    void absencesAreTold() {
        try (Peers p = fake("absent")) {
            assertThat(p.present()).isFalse();
            assertThat(p.facts()).containsEntry("absent", "no PyTorch here");
            assertThat(p.measure(matmul(), ours(matmul()))).isEmpty();
        }
        try (Peers p = Peers.start("no-such-python-" + ProcessHandle.current().pid(), CPU, true)) {
            assertThat(p.facts().get("absent")).contains("no-such-python");
        }
    }

    /** The script itself, as far as it goes without PyTorch, or with it where it is installed. */
    @Test
    void theScriptAnswers() {
        try (Peers p = Peers.start("python3", CPU, true)) {
            String absent = p.facts().getOrDefault("absent", "");
            Assumptions.assumeFalse(absent.contains("cannot start"), absent);
            if (p.present()) {
                List<PeerFigure> figures = p.measure(matmul(), ours(matmul()));
                assertThat(figures).isNotEmpty().allSatisfy(f -> assertThat(f.failure()).isEmpty());
            } else {
                assertThat(absent).contains("has no PyTorch");
            }
        }
    }

    @Test
    void allScriptsAreThereAndParse() throws Exception {
        Path folder = PeerProcess.unpack(Peers.FILES);
        List<String> command = new ArrayList<>(List.of("python3", "-c"));
        command.add("import ast, sys\nfor f in sys.argv[1:]: ast.parse(open(f).read(), f)");
        Peers.FILES.forEach(f -> command.add(folder.resolve(f).toString()));
        Process p;
        try {
            p = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            Assumptions.abort("no python3: " + e.getMessage());
            return;
        }
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(p.waitFor()).as(out).isZero();
    }

    @Test
    void everyAttributeReachesThePeer() {
        for (Case c : BenchCases.list(Set.of(), Set.of(BenchCases.ALL), false)) {
            assertThat(OpFacts.attributes(c.op()))
                    .as(c.toString())
                    .hasSize(c.op().getClass().getRecordComponents().length);
        }
    }
}
