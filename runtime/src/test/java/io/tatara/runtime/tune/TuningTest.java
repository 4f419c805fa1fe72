package io.tatara.runtime.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.runtime.spi.DeviceInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuningTest {
    private static final MatMul OP = MatMul.plain();
    private static final TensorSpec[] IN = {TensorSpec.f32(600, 300), TensorSpec.f32(300, 500)};
    private static final String FAST = "cpu/8x32/k256";

    @TempDir Path folder;

    private static Tuner.Outcome tune(ScriptedDevice d, TuningEntry known) {
        return new Tuner(d, d.traits(), 0)
                .tune(entry(), OP, IN, known, k -> d.execute(k, OP, null, null));
    }

    @SuppressWarnings("unchecked") // the table's line of this record
    private static OpEntry<MatMul> entry() {
        return (OpEntry<MatMul>) (OpEntry<?>) OpTable.of(OP);
    }

    private static ToLongFunction<String> script(String fast) {
        return v ->
                switch (v) {
                    case "portable" -> 900_000;
                    case "cpu" -> -1;
                    default -> v.equals(fast) ? 50_000 : 100_000;
                };
    }

    private static Optional<String> choose(TuningTable t) {
        return t.choose(entry(), OP, IN, OP.infer(IN), ScriptedDevice.CPU).map(GpuKernel::variant);
    }

    private static TuningTable table(TuningEntry e, String driver) {
        return new TuningTable(Map.of(e.shapeClass(), e), driver);
    }

    /** What keeps a device busy is enqueued before each run, not within what is timed. */
    @Test
    void isToldBeforeEachRun() {
        List<String> order = new ArrayList<>();
        ScriptedDevice d = new ScriptedDevice("1.0", script(FAST));
        Tuner.Work work =
                new Tuner.Work() {
                    @Override
                    public void run(GpuKernel<?> kernel) {
                        order.add("run");
                        d.execute(kernel, OP, null, null);
                    }

                    @Override
                    public void before() {
                        order.add("before");
                    }
                };
        new Tuner(d, d.traits(), 0).tune(entry(), OP, IN, null, work);
        assertThat(order).hasSizeGreaterThan(20);
        for (int i = 0; i < order.size(); i++) {
            assertThat(order.get(i)).isEqualTo(i % 2 == 0 ? "before" : "run");
        }
    }

    @Test
    void whatIsShippedFitsTheVariantsThatThereAre() {
        DeviceInfo h200 =
                new DeviceInfo(
                        "cuda", 0, "NVIDIA H200", "CUDA 13.0", DeviceInfo.Kind.GPU, 0, Map.of());
        Map<String, TuningEntry> shipped = TuningFile.shipped(h200);
        assertThat(shipped).hasSizeGreaterThan(40);
        TuningTable table = new TuningTable(shipped, h200.driver());
        Set<String> seen = new TreeSet<>();
        for (OpEntry<?> e : OpTable.all()) {
            for (Case c : e.cases().get()) {
                if (c.isBench()) {
                    fits(e, c, shipped, table, seen);
                }
            }
        }
        assertThat(seen).isEqualTo(new TreeSet<>(shipped.keySet()));
    }

    /** Dispatch takes the entry's best: it is there, takes the case and has the same sources. */
    private static <O extends Op> void fits(
            OpEntry<O> e,
            Case c,
            Map<String, TuningEntry> shipped,
            TuningTable table,
            Set<String> seen) {
        String key = ShapeClass.of(c.op(), c.specs()).text();
        TuningEntry entry = shipped.get(key);
        if (entry != null) {
            O op = e.type().cast(c.op());
            GpuTraits traits = GpuTraits.cuda(90, 132);
            TensorSpec[] out = op.infer(c.specs());
            Optional<GpuKernel<O>> chosen = table.choose(e, op, c.specs(), out, traits);
            assertThat(chosen.map(GpuKernel::variant))
                    .as("%s", c)
                    .contains(entry.best().orElseThrow().variant());
            seen.add(key);
        }
    }

    @Test
    void commentsAndSpacesAreNoChangeOfASource() {
        String a = "/* one\n * two */\nint f(int x) {\n  return x / 2; // half\n}\n";
        assertThat(Variants.bare(a))
                .isEqualTo(Variants.bare("int f(int x) {\n\treturn x / 2;\n\n}\n"));
        assertThat(Variants.bare(a)).isNotEqualTo(Variants.bare(a.replace("/ 2", "/ 3")));
    }

    @Test
    void measuresAllVariantsAndFindsTheFastest() {
        ScriptedDevice d = new ScriptedDevice("1.0", script(FAST));
        Tuner.Outcome o = tune(d, null);
        assertThat(o.measured()).isEqualTo(o.entry().candidates().size()).isGreaterThan(4);
        assertThat(o.entry().usual()).isEqualTo("best");
        Candidate best = o.entry().best().orElseThrow();
        assertThat(best.variant()).isEqualTo(FAST);
        assertThat(best.microseconds()).isEqualTo(50);
        assertThat(best.spread()).isZero();
        assertThat(choose(table(o.entry(), "1.0"))).contains(FAST);
    }

    @Test
    void keepsFailuresAndGivesUpTheHopeless() {
        ScriptedDevice d = new ScriptedDevice("1.0", script(FAST));
        TuningEntry e = tune(d, null).entry();
        assertThat(e.find("cpu").orElseThrow().failure()).isEqualTo("cpu does not compile");
        assertThat(d.ran.stream().filter("cpu"::equals)).hasSize(1);
        // Once to compile, once to see.
        assertThat(d.ran.stream().filter("portable"::equals)).hasSize(2);
        assertThat(e.find("portable").orElseThrow().microseconds()).isEqualTo(900);
        assertThat(d.ran.stream().filter(FAST::equals)).hasSizeGreaterThan(5);
    }

    @Test
    void usualVariantStaysWhereNothingIsClearlyFaster() {
        TuningEntry e =
                tune(new ScriptedDevice("1.0", v -> v.equals(FAST) ? 99 : 100), null).entry();
        assertThat(e.best().orElseThrow().variant()).isEqualTo("best");
    }

    @Test
    void keptMeasurementsAreNotTakenAgainUnlessTheyAreStale() {
        ScriptedDevice d = new ScriptedDevice("1.0", script(FAST));
        TuningEntry e = tune(d, null).entry();
        assertThat(tune(d, e)).isEqualTo(new Tuner.Outcome(e, 0));
        assertThat(tune(new ScriptedDevice("2.0", script(FAST)), e).measured()).isPositive();
        assertThat(tune(d, withSources(e, FAST, "0123")).measured()).isPositive();
        TuningEntry short1 =
                new TuningEntry(
                        e.shapeClass(),
                        e.driver(),
                        e.library(),
                        e.usual(),
                        e.candidates().subList(0, 2));
        assertThat(tune(d, short1).measured()).isPositive();
    }

    private static TuningEntry withSources(TuningEntry e, String variant, String sources) {
        List<Candidate> changed =
                e.candidates().stream()
                        .map(c ->
                                c.variant().equals(variant)
                                        ? new Candidate(
                                                c.variant(),
                                                sources,
                                                c.microseconds(),
                                                c.spread(),
                                                c.samples(),
                                                c.date(),
                                                c.failure())
                                        : c)
                        .toList();
        return new TuningEntry(e.shapeClass(), e.driver(), e.library(), e.usual(), changed);
    }

    @Test
    void dispatchPassesOverWhatNoLongerFits() {
        TuningEntry e = tune(new ScriptedDevice("1.0", script(FAST)), null).entry();
        assertThat(choose(table(e, "2.0"))).isEmpty();
        assertThat(choose(table(withSources(e, FAST, "0123"), "1.0"))).isEmpty();
        Candidate gone = new Candidate("cpu/99x99", "0123", 1, 0, 5, "2026-01-01", "");
        TuningEntry unknown =
                new TuningEntry(e.shapeClass(), "1.0", e.library(), e.usual(), List.of(gone));
        assertThat(choose(table(unknown, "1.0"))).isEmpty();
        assertThat(choose(TuningTable.NONE)).isEmpty();
    }

    @Test
    void usersMeasurementsWinOverShippedOnesOfThisDriver() {
        TuningEntry shipped = tune(new ScriptedDevice("1.0", script(FAST)), null).entry();
        TuningEntry own = tune(new ScriptedDevice("1.0", script("cpu/12x32/k256")), null).entry();
        TuningEntry old = tune(new ScriptedDevice("0.9", script("cpu/12x32/k256")), null).entry();
        String key = own.shapeClass();
        assertThat(choose(TuningTable.merged(Map.of(key, shipped), Map.of(key, own), "1.0")))
                .contains("cpu/12x32/k256");
        assertThat(choose(TuningTable.merged(Map.of(key, shipped), Map.of(key, old), "1.0")))
                .contains(FAST);
    }

    @Test
    void filesKeepEverything() throws Exception {
        ScriptedDevice d = new ScriptedDevice("1.0", script(FAST));
        TuningEntry e = tune(d, null).entry();
        Path file = folder.resolve("deep").resolve(TuningFile.name(d.info()));
        assertThat(file.getFileName()).hasToString("opencl-scripted-tm-1.json");
        TuningFile.merge(file, d.info(), List.of(e));
        TuningEntry other = new TuningEntry("other", "1.0", "x", "best", List.of());
        TuningFile.merge(file, d.info(), List.of(other));
        assertThat(TuningFile.read(file)).hasSize(2).containsValue(e).containsValue(other);
        try (var files = Files.list(file.getParent())) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void damagedFilesReadAsEmptyAndAreReplaced() throws Exception {
        ScriptedDevice d = new ScriptedDevice("1.0", script(FAST));
        TuningEntry e = tune(d, null).entry();
        Path file = folder.resolve("t.json");
        TuningFile.merge(file, d.info(), List.of(e));
        String sound = Files.readString(file);
        for (String broken :
                List.of(
                        "",
                        "[]",
                        "{\"format\": 2}",
                        sound.substring(0, sound.length() / 2),
                        sound.replace("\"variant\"", "\"varian\""),
                        sound.replace("\"microseconds\" : 50.0", "\"microseconds\" : -1"))) {
            Files.writeString(file, broken);
            assertThat(TuningFile.read(file)).as(broken).isEmpty();
        }
        assertThatThrownBy(() -> TuningFile.parse("{}")).hasMessageContaining("format");
        TuningFile.merge(file, d.info(), List.of(e));
        assertThat(Files.readString(file)).isEqualTo(sound);
        assertThat(TuningFile.read(folder.resolve("none.json"))).isEmpty();
    }

    @Test
    void shapeClassesRoundLargeExtentsAndTellAttributesApart() {
        assertThat(
                        List.of(1, 31, 32, 33, 40, 45, 46, 48, 1000, 1024, 1447, 1448, 1449)
                                .stream()
                                .map(ShapeClass::extent))
                .containsExactly(
                        "1", "31", "32", "32+", "32", "32+", "64+", "64", "1024", "1024", "1024+",
                        "1024", "2048+");
        String plain = ShapeClass.of(OP, IN).text();
        assertThat(plain).endsWith("float32[512, 256+] float32[256+, 512+]");
        assertThat(ShapeClass.of(MatMul.of(false, true), IN).text()).isNotEqualTo(plain);
    }

    @Test
    void directoryFollowsTheUsersWishes() {
        assertThat(TuningFile.directory("off", "b", "/x", "/h")).isNull();
        assertThat(TuningFile.directory("a", "b", "/x", "/h")).isEqualTo(Path.of("a"));
        assertThat(TuningFile.directory("", "b", "/x", "/h")).isEqualTo(Path.of("b"));
        assertThat(TuningFile.directory(null, null, "/x", "/h"))
                .isEqualTo(Path.of("/x/tatara/tuning"));
        assertThat(TuningFile.directory(null, null, null, "/h"))
                .isEqualTo(Path.of("/h/.cache/tatara/tuning"));
        assertThat(TuningFile.directory(null, null, null, null)).isNull();
    }
}
