package io.tatara.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The whole way, with JVMs of their own. */
class PeerRunTest {
    @Test
    void asksEachInTurn() {
        List<PeerCase> cases =
                PeerCase.all().stream()
                        .filter(c -> List.of("matmul-256", "softmax-256x1000").contains(c.name()))
                        .toList();
        List<String> who = List.of(Contestants.JVM, Contestants.OPENBLAS, "nobody");
        PeerPlan plan = new PeerPlan(cases, who, List.of(1), 2, 3, false, 0, true);
        List<PeerResult> kept = new ArrayList<>();
        PeerResult r = new PeerRun(plan, s -> {}).run(kept::add);

        assertThat(kept).hasSize(2);
        assertThat(kept.getLast().finished()).isFalse();
        assertThat(r.finished()).isTrue();
        assertThat(r.facts().get("nobody").get("absent")).contains("no peer 'nobody'");
        PeerResult.Entry product = r.entries().getFirst();
        for (String name : List.of(Contestants.JVM, Contestants.OPENBLAS)) {
            PeerResult.Figure f = product.of(name);
            assertThat(f.samples()).hasSize(2).allMatch(s -> s.size() == 3);
            assertThat(f.median()).isPositive();
            assertThat(f.medians()).hasSize(2);
        }
        assertThat(product.of(Contestants.OPENBLAS).difference()).isBetween(0.0, 1e-5);
        // OpenBLAS has no softmax: not there, and no failure.
        assertThat(r.entries().get(1).figures())
                .extracting(PeerResult.Figure::contestant)
                .containsExactly(Contestants.JVM);
    }

    @Test
    void startsUp() {
        List<PeerResult.Start> starts = StartUp.measure(1);
        assertThat(starts.getFirst().seconds()).hasSize(1).allMatch(s -> s > 0.05);
    }
}
