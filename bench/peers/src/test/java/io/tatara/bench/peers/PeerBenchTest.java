package io.tatara.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command line, and what it refuses before anything is measured. */
class PeerBenchTest {
    @TempDir private Path folder;

    private static void refused(String message, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine c = PeerBench.commandLine();
        int exit = c.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(args);
        assertThat(exit).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("bench-peers: ").contains(message);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void badOptionsAreOneLineEach() throws Exception {
        refused("--threads [1, 0]", "--quick", "--only", "matmul-256", "--threads", "1,0");
        refused("--repetitions 0", "--only", "matmul-256", "--repetitions", "0");
        refused("no suite", "--suite", "none");
        refused("no case begins with 'none'", "--only", "none");
        refused("no contestant 'none'", "--peers", "none");
        Path file = Files.writeString(folder.resolve("file"), "");
        refused("cannot write", "--only", "matmul-256", "--out", file + "/a.json");
    }

    /** Whatever the machine's language. */
    @Test
    void numbersHavePoints() {
        Locale before = Locale.getDefault(Locale.Category.FORMAT);
        try {
            Locale.setDefault(Locale.Category.FORMAT, Locale.GERMANY);
            PeerPlan plan = new PeerPlan(List.of(), List.of(), List.of(1), 1, 1, false, 0, true);
            PeerResult r = new PeerRun(plan, s -> {}).run(k -> {});
            assertThat(r.settings().get("load average before")).matches("-?\\d+\\.\\d\\d");
            assertThat(PeerReport.of(r)).contains("## Goals");
            PeerBench.commandLine();
            assertThat("%.1f".formatted(1.5)).isEqualTo("1.5");
        } finally {
            Locale.setDefault(Locale.Category.FORMAT, before);
        }
    }
}
