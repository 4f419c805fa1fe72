package io.tatara.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.Cost;
import io.tatara.kernels.check.Case;
import io.tatara.runtime.Device;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.Tatara;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the figures are made of, and one measurement on each kind of back end. */
class BenchmarkTest {
    @TempDir private Path folder;

    @Test
    void quantilesAreLinearBetweenNeighbours() {
        double[] s = {1, 2, 3, 4, 10};
        assertThat(Measurement.quantile(s, 0.5)).isEqualTo(3);
        assertThat(Measurement.quantile(s, 0.25)).isEqualTo(2);
        assertThat(Measurement.quantile(s, 0.9)).isCloseTo(7.6, within(1e-12));
        assertThat(Measurement.quantile(new double[] {5}, 0.75)).isEqualTo(5);
    }

    @Test
    void theRoofThatTakesLongerBinds() {
        Roofs r =
                new Roofs(
                        1e12,
                        "",
                        List.of(new Roofs.Copy(1 << 20, 100e9), new Roofs.Copy(1 << 30, 10e9)));
        Roofs.Bound arithmetic = r.bound(new Cost(1e12, 1e6), 1e6);
        assertThat(arithmetic.memory()).isFalse();
        assertThat(arithmetic.seconds()).isEqualTo(1);
        assertThat(r.bound(new Cost(1, 1e6), 1e6).seconds()).isCloseTo(1e-5, within(1e-12));
        // The same case on data that no cache holds.
        Roofs.Bound memory = r.bound(new Cost(1, 1e6), 1e9);
        assertThat(memory.memory()).isTrue();
        assertThat(memory.seconds()).isCloseTo(1e-4, within(1e-12));
        assertThat(new Roofs(0, "", List.of()).bound(new Cost(1, 1), 1).seconds()).isZero();
    }

    @Test
    void largeDataAreRotated() {
        Case small = BenchCases.list(Set.of("matmul"), true).getFirst();
        double bytes = small.op().cost(small.specs()).bytes();
        assertThat(CaseRun.sets(small, (long) (bytes * 5))).isEqualTo(1);
        assertThat(CaseRun.sets(small, (long) (bytes * 3))).isEqualTo(6);
        assertThat(CaseRun.sets(small, (long) (bytes * 1000))).isEqualTo(1);
    }

    @Test
    void everyBenchCaseHasItsOwnName() {
        List<String> ids = BenchCases.list(Set.of(), false).stream().map(Case::toString).toList();
        assertThat(ids).doesNotHaveDuplicates().isNotEmpty();
        assertThat(BenchCases.byId(ids.getLast()).toString()).isEqualTo(ids.getLast());
    }

    @Test
    void measuresTheJvmInFreshJvms() throws Exception {
        measure("jvm");
    }

    @Test
    void measuresOpenClByEvents() throws Exception {
        measure("opencl");
    }

    private void measure(String name) throws Exception {
        try (Device d = Tatara.open(name)) {
            BenchResult r = new Benchmark(d, Set.of("softmax"), true).run(x -> {}, x -> {});
            assertThat(r.roofs().flops()).isGreaterThan(1e8);
            assertThat(r.roofs().copies())
                    .hasSizeGreaterThan(1)
                    .allMatch(c -> c.bytesPerSecond() > 1e7);
            Measurement m = r.cases().getFirst();
            assertThat(m.failure()).isEmpty();
            assertThat(m.samples()).hasSizeGreaterThanOrEqualTo(5).allMatch(s -> s > 0);
            assertThat(m.ofRoof()).isPositive();
            Path png = folder.resolve("a/b.png");
            assertThat(BarChart.write(r, png)).isTrue();
            assertThat(Files.size(png)).isGreaterThan(1000);
        } catch (DeviceException e) {
            Assumptions.abort(e.getMessage());
        }
    }
}
