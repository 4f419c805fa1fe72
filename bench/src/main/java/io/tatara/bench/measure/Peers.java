package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.runtime.spi.DeviceInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Others' implementations, measured in the same run on the same shapes: PyTorch, and by it cuBLAS
 * and cuDNN, in a Python process that is asked case by case. A peer that fails stands with its
 * reason; a process that dies is started again for the next case.
 */
public final class Peers implements AutoCloseable {
    /** The scripts, the one that is started first. */
    static final List<String> FILES =
            List.of(
                    "peers.py",
                    "peer_timing.py",
                    "peer_ops.py",
                    "peer_attention.py",
                    "peer_convolution.py",
                    "peer_layers.py",
                    "peer_models.py");

    private static final double HELLO_SECONDS = 180;

    /** Compilers take their time. */
    private static final double CASE_SECONDS = 600;

    private static final int MOST_STARTS = 20;

    private final List<String> command;
    private final Map<String, Object> hello = new LinkedHashMap<>();
    private final Map<String, String> facts = new LinkedHashMap<>();
    private PeerProcess process;
    private int starts;
    private String absent = "";

    private Peers(List<String> command, DeviceInfo device, boolean quick) {
        this.command = command;
        hello.put("cmd", "hello");
        hello.put("device", device.kind() == DeviceInfo.Kind.CPU ? "cpu" : "cuda");
        hello.put("name", device.name());
        hello.put("index", device.index());
        hello.put("threads", device.traits().getOrDefault("threads", ""));
        hello.put("quick", quick);
        try {
            start();
        } catch (TataraException e) {
            absent = e.getMessage();
        }
        if (!absent.isEmpty()) {
            facts.put("absent", absent);
        }
    }

    /**
     * Starts Python. Where it, PyTorch or PyTorch's device is missing there are no peers, and
     * {@link #facts} says why.
     *
     * @param python the interpreter, such as {@code python3}
     */
    public static Peers start(String python, DeviceInfo device, boolean quick) {
        Path folder = PeerProcess.unpack(FILES);
        return of(List.of(python, "-u", folder.resolve("peers.py").toString()), device, quick);
    }

    /** Any program that speaks the protocol. */
    static Peers of(List<String> command, DeviceInfo device, boolean quick) {
        return new Peers(command, device, quick);
    }

    private void start() {
        starts++;
        process = new PeerProcess(command);
        JsonNode answer = process.ask(hello, HELLO_SECONDS);
        String reason = answer.path("absent").asString("");
        if (!reason.isEmpty()) {
            absent = reason;
            return;
        }
        facts.clear();
        facts.put("command", command.getFirst());
        answer.path("facts")
                .properties()
                .forEach(e -> facts.put(e.getKey(), e.getValue().asString()));
    }

    /** Versions and device of the peers; {@code absent} with the reason where there are none. */
    public Map<String, String> facts() {
        return Map.copyOf(facts);
    }

    /** Whether there is anything to compare with. */
    public boolean present() {
        return absent.isEmpty();
    }

    /**
     * Measures the peers of a case that we have just measured; none where nobody has the op.
     *
     * @param ours as measured: as many samples and sets are taken
     */
    List<PeerFigure> measure(Case c, Measurement ours) {
        if (!present() || !ours.measured()) {
            return List.of();
        }
        Map<String, Object> r = new LinkedHashMap<>();
        r.put("cmd", "case");
        r.put("op", c.op().name());
        r.put("name", c.name());
        r.put("attributes", OpFacts.attributes(c.op()));
        r.put("inputs", specs(c.specs()));
        r.put("outputs", specs(c.op().infer(c.specs())));
        r.put("arithmetic", ours.arithmetic());
        r.put("sets", ours.sets());
        r.put("samples", ours.samples().size());
        return ask(r, ours.median());
    }

    private static List<Object> specs(TensorSpec[] specs) {
        List<Object> list = new ArrayList<>();
        Arrays.stream(specs).forEach(s -> list.add(OpFacts.spec(s)));
        return list;
    }

    /** Asks for figures; {@code ours} is our median in seconds. */
    List<PeerFigure> ask(Map<String, ?> request, double ours) {
        if (!present()) {
            return List.of();
        }
        try {
            if (!process.alive()) {
                if (starts >= MOST_STARTS) {
                    throw new TataraException("the peer's process died too often");
                }
                start();
            }
            JsonNode answer = process.ask(request, CASE_SECONDS);
            String failure = answer.path("failure").asString("");
            if (!failure.isEmpty()) {
                return List.of(PeerFigure.failed("torch", failure));
            }
            List<PeerFigure> figures = new ArrayList<>();
            for (JsonNode p : answer.path("peers").values()) {
                figures.add(figure(p, ours));
            }
            return figures;
        } catch (TataraException e) {
            return List.of(PeerFigure.failed("torch", e.getMessage()));
        }
    }

    private static PeerFigure figure(JsonNode p, double ours) {
        String name = p.path("name").asString("?");
        String failure = p.path("failure").asString("");
        double[] seconds =
                p.path("samples").values().stream().mapToDouble(JsonNode::asDouble).toArray();
        if (failure.isEmpty()
                && (seconds.length == 0 || Arrays.stream(seconds).anyMatch(s -> !(s > 0)))) {
            failure = "no times: " + p.path("samples");
        }
        return failure.isEmpty()
                ? PeerFigure.of(name, Samples.of(seconds), ours)
                : PeerFigure.failed(name, failure);
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
    }
}
