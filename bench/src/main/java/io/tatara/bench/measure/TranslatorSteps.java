package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
import io.tatara.models.text.PairBatch;
import io.tatara.models.translator.TranslatorConfig;
import io.tatara.models.translator.TranslatorStep;
import io.tatara.runtime.Device;
import io.tatara.runtime.Graph;
import io.tatara.runtime.GraphFile;
import io.tatara.runtime.Scope;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** The translator's training step, ours and the peers'. */
public final class TranslatorSteps {
    /** What the step is called on the command line. */
    public static final String NAME = "translator";

    private record Size(TranslatorConfig config, int source, int target) {
        String name() {
            return String.format(
                            "%s, attention %s, hidden %d, %d words, batch %d of %d + %d",
                            config.cell(),
                            config.attention(),
                            config.hidden(),
                            config.vocabulary(),
                            config.batch(),
                            source,
                            target)
                    .toLowerCase(Locale.ROOT);
        }
    }

    private TranslatorSteps() {}

    private static List<Size> sizes() {
        TranslatorConfig c = TranslatorConfig.defaults();
        TranslatorConfig large =
                c.merged(
                        Map.of(
                                "embedding",
                                512,
                                "hidden",
                                1024,
                                "vocabulary",
                                16384,
                                "batch",
                                128));
        return List.of(
                new Size(c, 20, 20),
                new Size(TranslatorConfig.gru(), 20, 20),
                new Size(large, 30, 30));
    }

    /** Draws the first size's step. */
    public static void draw(Device device, GraphFile file) {
        TranslatorStep.draw(device, sizes().getFirst().config, file);
    }

    /**
     * @throws TataraException if there is no such step
     */
    static void check(String name) {
        if (!name.equals(NAME)) {
            throw new TataraException("no step '" + name + "'; there is " + NAME);
        }
    }

    /**
     * @param peers null for none
     */
    static void measure(Device device, Peers peers, boolean quick, Consumer<StepFigure> listener) {
        for (Size s : quick ? sizes().subList(0, 1) : sizes()) {
            measure(device, peers, quick, s, listener);
        }
    }

    private static void measure(
            Device device, Peers peers, boolean quick, Size size, Consumer<StepFigure> listener) {
        Map<String, Object> facts = facts(size);
        List<PeerFigure> others = List.of();
        double eager = 0;
        try (TranslatorStep step =
                new TranslatorStep(device, size.config, size.source, size.target)) {
            facts.put("parameters", step.parameters());
            float loss = step.loss();
            if (!Float.isFinite(loss)) {
                throw new TataraException("the loss is " + loss);
            }
            Samples s = samples(device, step::run, quick);
            eager = s.median();
            if (peers != null) {
                others = peers.ask(request(facts, step.batch(), s), eager);
            }
            listener.accept(figure(size.name(), facts, step, s, others));
            try (Scope scope = device.scope();
                    Graph graph = step.record(scope)) {
                Samples replayed = samples(device, graph::replay, quick);
                String name = size.name() + ", recorded graph";
                List<PeerFigure> same = against(others, replayed.median());
                listener.accept(figure(name, facts, step, replayed, same));
            }
        } catch (TataraException e) {
            String name = size.name() + (eager > 0 ? ", recorded graph" : "");
            listener.accept(
                    new StepFigure(name, facts, 0, List.of(), 0, 0, e.getMessage(), List.of()));
        }
    }

    /** The peers' times, beside another one of ours. */
    private static List<PeerFigure> against(List<PeerFigure> peers, double ours) {
        return peers.stream()
                .map(p ->
                        p.failure().isEmpty()
                                ? new PeerFigure(
                                        p.name(),
                                        p.samples(),
                                        p.median(),
                                        p.spread(),
                                        ours > 0 ? p.median() / ours : 0,
                                        "")
                                : p)
                .toList();
    }

    private static StepFigure figure(
            String name,
            Map<String, Object> facts,
            TranslatorStep step,
            Samples s,
            List<PeerFigure> peers) {
        return new StepFigure(
                name, facts, step.batch().tokens(), s.seconds(), s.median(), s.spread(), "", peers);
    }

    private static Samples samples(Device device, Runnable step, boolean quick) {
        int least = quick ? 3 : 15;
        // The JVM's compiler needs a while, and this one is not a fresh one for each measurement.
        long settle = device.info().backEnd().equals("jvm") ? 10_000_000_000L : 2_000_000_000L;
        long warm = System.nanoTime() + (quick ? 200_000_000L : settle);
        for (int i = 0; i < 3 || (i < 50 && System.nanoTime() < warm); i++) {
            step.run();
            device.synchronize();
        }
        double[] seconds = new double[quick ? 10 : 100];
        long end = System.nanoTime() + (quick ? 300_000_000L : 5_000_000_000L);
        int n = 0;
        while (n < least || (n < seconds.length && System.nanoTime() < end)) {
            long begin = System.nanoTime();
            step.run();
            device.synchronize();
            seconds[n++] = (System.nanoTime() - begin) * 1e-9;
        }
        return Samples.of(Arrays.copyOf(seconds, n));
    }

    private static Map<String, Object> facts(Size s) {
        TranslatorConfig c = s.config;
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("cell", c.cell().name());
        m.put("attention", c.attention().name());
        m.put("bidirectional", c.bidirectional());
        m.put("embedding", c.embedding());
        m.put("hidden", c.hidden());
        m.put("tied", c.tied());
        m.put("vocabulary", c.vocabulary());
        m.put("batch", c.batch());
        m.put("dropout", c.dropout());
        m.put("labelSmoothing", c.labelSmoothing());
        m.put("clip", c.clip());
        m.put("weightDecay", c.weightDecay());
        m.put("learningRate", c.learningRate());
        m.put("sourceLength", s.source);
        m.put("targetLength", s.target);
        return m;
    }

    private static Map<String, Object> request(
            Map<String, Object> facts, PairBatch b, Samples samples) {
        Map<String, Object> r = new LinkedHashMap<>();
        r.put("cmd", "step");
        r.put("model", NAME);
        r.put("facts", facts);
        r.put("source", b.source());
        r.put("sourceLengths", b.sourceLengths());
        r.put("decoderInput", b.decoderInput());
        r.put("labels", b.labels());
        r.put("samples", samples.seconds().size());
        return r;
    }
}
