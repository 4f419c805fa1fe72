package io.tatara.bench.peers;

import io.tatara.bench.measure.PeerProcess;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** From the start of a JVM to the first result of a small model, in fresh JVMs. */
public final class StartUp {
    private static final double MOST_SECONDS = 60;

    private StartUp() {}

    static List<PeerResult.Start> measure(int times) {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            List<String> command = new ArrayList<>(Contestants.command(Contestants.JVM, 2));
            int main = command.indexOf(Worker.class.getName());
            command.subList(main, command.size()).clear();
            command.add(StartUp.class.getName());
            long begin = System.nanoTime();
            try (PeerProcess p = new PeerProcess(command, Map.of())) {
                var answer = p.ask(Map.of(), MOST_SECONDS);
                seconds.add((System.nanoTime() - begin) * 1e-9);
                if (!answer.path("finite").asBoolean(false)) {
                    throw new TataraException("the small model gave " + answer);
                }
            }
        }
        return List.of(
                new PeerResult.Start(
                        "LSTM of width 64 over 20 words, batch 8, and a layer of 1000 classes",
                        seconds));
    }

    /** The small model, as a program would run it; tells that its result is there. */
    public static void main(String[] args) {
        boolean finite = true;
        try (Device d = Tatara.open("jvm");
                Scope s = d.scope()) {
            int h = 64;
            Tensor x = s.tensor(Inputs.normal("x", 1, 20 * 8 * h), 20, 8, h);
            Tensor wi = s.weight(Inputs.normal("wi", 0.1, 4 * h * h), 1, 4 * h, h);
            Tensor wh = s.weight(Inputs.normal("wh", 0.1, 4 * h * h), 1, 4 * h, h);
            Tensor w = s.weight(Inputs.normal("w", 0.1, 1000 * h), 1000, h);
            Tensor[] y = s.ops().lstm(Direction.FORWARD, x, null, null, null, wi, wh, null, null);
            Tensor last = s.ops().reshape(y[1], 8, h);
            Tensor logits = s.ops().linear(last, w, null, Activation.NONE, null);
            for (float f : s.ops().softmax(logits).toFloats()) {
                finite &= Float.isFinite(f);
            }
        }
        System.out.println("{\"finite\": " + finite + "}");
    }
}
