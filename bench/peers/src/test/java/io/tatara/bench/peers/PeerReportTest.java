package io.tatara.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.Roofs;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerReportTest {
    private static PeerResult.Figure figure(String who, double seconds) {
        List<List<Double>> samples = List.of(List.of(seconds), List.of(seconds));
        List<Double> medians = List.of(seconds, seconds);
        return new PeerResult.Figure(who, "a call", samples, seconds, 0.01, medians, 0, "");
    }

    private static PeerResult.Entry entry(
            String name, int threads, int busy, double bytes, PeerResult.Figure... figures) {
        return new PeerResult.Entry(name, threads, busy, 1e9, bytes, List.of(figures));
    }

    private static PeerResult result(PeerResult.Entry... entries) {
        Roofs roofs = new Roofs(1e11, "by hand", List.of(new Roofs.Copy(1 << 20, 1e9)), List.of());
        return new PeerResult(
                PeerResult.FORMAT,
                "2026-11-25T00:00:00Z",
                "abc",
                new BenchResult.MachineFacts("os", "jdk", "cpu", 2, 1),
                Map.of("repetitions", "2", "rounds", "1", "load average before", "3.00"),
                Map.of(Contestants.JVM, Map.of("device", "jvm:0")),
                Map.of("1", roofs),
                List.of(entries),
                List.of(new PeerResult.Start("small", List.of(0.5, 0.7, 1.2))),
                true);
    }

    private static String row(PeerResult r, String begin) {
        return PeerReport.of(r).lines().filter(l -> l.startsWith(begin)).findFirst().orElseThrow();
    }

    @Test
    void aGoalIsHeldToItsWorstCase() {
        PeerResult r =
                result(
                        entry(
                                "matmul-256",
                                1,
                                0,
                                0,
                                figure(Contestants.JVM, 1),
                                figure(Contestants.OPENBLAS, 1.5)),
                        entry(
                                "matmul-512",
                                1,
                                0,
                                0,
                                figure(Contestants.JVM, 1),
                                figure(Contestants.OPENBLAS, 0.9)));
        assertThat(row(r, "| SGEMM 256 … 2048 | 1 | OpenBLAS"))
                .contains("1.00 | 0.90 (matmul-512) | 1.50 (matmul-256) | **missed**");
        assertThat(row(r, "| OpenBLAS | 2 | 1 | 0 | 1 | matmul-512")).endsWith("0.90 |");
        assertThat(row(r, "| matmul-512 |")).contains("**0.90**");
        assertThat(row(r, "| matmul-256 |")).contains(" 1.50 ").doesNotContain("**");
        assertThat(row(r, "| SGEMM 512 … 2048 | | ONNX Runtime")).contains("not measured");
    }

    @Test
    void theBestPeerCounts() {
        PeerResult.Entry e =
                entry(
                        "softmax-4096x1024",
                        1,
                        0,
                        1 << 20,
                        figure(Contestants.JVM, 0.002),
                        figure(Contestants.PYTORCH, 0.004),
                        figure(Contestants.ONNX_RUNTIME, 0.003));
        assertThat(row(result(e), "| softmax | 1"))
                .contains("1.50 (softmax-4096x1024, ONNX Runtime)")
                .endsWith("met |");
        // A mebibyte in two milliseconds is half of a gigabyte a second.
        assertThat(row(result(e), "| softmax-4096x1024, bandwidth"))
                .contains("0.52")
                .contains("missed");
    }

    @Test
    void busyMachineAndStart() {
        PeerResult r =
                result(
                        entry("matmul-512", 1, 2, 0, figure(Contestants.JVM, 1)),
                        entry("matmul-512", 2, 2, 0, figure(Contestants.JVM, 1.3)));
        assertThat(PeerReport.of(r)).contains("| 1.30 | **missed** |");
        assertThat(row(r, "| small |")).contains("3 | 700.00 ms").endsWith("met by the median |");
    }

    @Test
    void aMachineThatWasNotQuietIsToldOf() {
        assertThat(PeerReport.of(result())).contains("not quiet** (load average 3.00");
    }

    @Test
    void aFailureIsShown() {
        PeerResult.Figure failed =
                new PeerResult.Figure(
                        Contestants.ND4J, "x", List.of(), 0, 0, List.of(), -1, "no memory");
        PeerResult r = result(entry("matmul-256", 1, 0, 0, figure(Contestants.JVM, 1), failed));
        assertThat(row(r, "| matmul-256 |")).contains("failed: no memory");
    }

    @Test
    void readsWhatItWrote(@TempDir Path folder) {
        Path file = folder.resolve("r.json");
        PeerResult r = result(entry("matmul-256", 1, 0, 0, figure(Contestants.JVM, 1)));
        PeerFiles.write(file, r);
        assertThat(PeerFiles.read(file)).isEqualTo(r);
    }
}
