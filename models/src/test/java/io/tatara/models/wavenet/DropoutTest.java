package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.models.OnJvm;
import io.tatara.models.nn.Noise;
import io.tatara.models.nn.Parameters;
import io.tatara.models.wavenet.Recording.Window;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DropoutTest extends OnJvm {
    private static WaveNetConfig tiny() {
        return WaveNetConfig.defaults()
                .merged(Map.of("stacks", 1, "layers", 3, "residual", 8, "skip", 8, "levels", 8))
                .merged(Map.of("crop", 200, "batch", 2));
    }

    /** Sound of some volumes; training may alter it. */
    private static Recordings recordings(WaveNetConfig c) {
        List<Recording> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            float[] x = new float[150 + 10 * i];
            char[] levels = new char[x.length];
            for (int t = 0; t < x.length; t++) {
                x[t] = (float) ((0.1 + 0.2 * i) * Math.sin(0.2 * t));
                levels[t] = (char) (c.levels() / 2 * (1 + x[t]));
            }
            all.add(new Recording("r" + i, levels, new int[0], Recording.Original.of(x)));
        }
        return new Recordings(new VoiceData(1000, List.of()), all.subList(0, 3), all.subList(3, 4));
    }

    private static void write(Parameters p, String name, float value, int every) {
        float[] v = p.tensors()[p.names().indexOf(name)].toFloats();
        for (int i = 0; i < v.length; i += every) {
            v[i] = value;
        }
        p.tensors()[p.names().indexOf(name)].write(v);
    }

    /**
     * A network whose logits are what its last layer sees, squashed: half is whole, whatever the
     * layers before it dropped.
     */
    @Test
    void theResidualPathIsLeftWhole() {
        WaveNetConfig c = tiny();
        float p = 0.25f;
        try (Parameters w = new Parameters(device, 1);
                Scope scope = device.scope()) {
            WaveNetModel model = new WaveNetModel(w, c, 0);
            for (Tensor t : w.tensors()) {
                t.write(new float[t.toFloats().length]);
            }
            write(w, "causal.bias", 0.5f, 1);
            // The last layer's filters: the channel of the same number, at the sample itself.
            float[] filters = new float[16 * 8 * 2];
            for (int i = 0; i < 8; i++) {
                filters[(i * 8 + i) * 2 + 1] = 1;
            }
            w.tensors()[w.names().indexOf("stacks.0.2.filter_gate.weight")].write(filters);
            for (String one : List.of("stacks.0.2.skip", "head.1", "head.3")) {
                write(w, one + ".weight", 1, 9);
            }
            int n = 500;
            int[] ids = new int[n * 2];
            Arrays.fill(ids, WaveNetModel.before(c));
            Noise noise = Noise.of(scope, p, 3, 4);
            float[] logits =
                    model.forward(scope.ops(), scope, scope.tensor(ids, 1, n, 2), null, null, noise)
                            .toFloats();
            float kept = (float) (0.5 * Math.tanh(0.5 / (1 - p)) / (1 - p));
            int whole = 0;
            for (float l : logits) {
                assertThat(l == 0 || Math.abs(l - kept) < 1e-5).as("logit %s", l).isTrue();
                whole += l == 0 ? 0 : 1;
            }
            // Dropped once before the last layer's gates, once before the head.
            assertThat(whole / (8.0 * n)).isCloseTo((1 - p) * (1 - p), within(0.03));
        }
    }

    /** By seed and step alone, as a run that is taken up again needs it. */
    @Test
    void trainingDropsAndEvaluationDoesNot() {
        WaveNetConfig plain = tiny();
        WaveNetConfig all =
                plain.merged(Map.of("dropout", 0.3, "gain", 6, "speed", 0.1, "dither", 0.5));
        try (Parameters p = new Parameters(device, 1)) {
            WaveNetModel model = new WaveNetModel(p, plain, 0);
            WaveNetTask task = new WaveNetTask(device, plain, model, recordings(plain));
            WaveNetTask other = new WaveNetTask(device, all, model, recordings(all));
            assertThat(other.evaluate(0)).isEqualTo(task.evaluate(0));
            List<Window> batch = task.batches(0).getFirst();
            float whole = loss(task, batch, 5);
            assertThat(loss(task, batch, 6)).isEqualTo(whole);
            float dropped = loss(other, batch, 5);
            assertThat(dropped).isNotEqualTo(whole).isEqualTo(loss(other, batch, 5));
            assertThat(loss(other, batch, 6)).isNotEqualTo(dropped);
            List<List<Window>> altered = other.batches(0);
            assertThat(altered).hasSameSizeAs(task.batches(0)).isEqualTo(other.batches(0));
            assertThat(altered).allSatisfy(b -> assertThat(b).noneMatch(w -> w.as() == null));
            int counted = altered.stream().mapToInt(b -> (int) other.weight(b)).sum();
            assertThat(counted).isNotEqualTo(150 + 160 + 170);
        }
    }

    private static float loss(WaveNetTask task, List<Window> batch, long step) {
        try (Scope scope = device.scope()) {
            return task.loss(scope.tape(), batch, step).item();
        }
    }

    /** As it was saved before there was anything against overfitting. */
    @Test
    void anOldConfigIsReadAsItWas(@TempDir Path dir) throws Exception {
        Path file = dir.resolve("config.json");
        Files.writeString(
                file,
                """
                {"stacks": 2, "layers": 10, "kernel": 2, "residual": 128, "skip": 256,
                 "levels": 256, "rate": 0, "heldOut": "0.1", "condition": "(a)_", "positions": 16,
                 "crop": 6000, "batch": 4, "pool": 32, "learningRate": 0.004,
                 "schedule": "cosine,warmup=200", "clip": 1.0, "weightDecay": 0.01,
                 "average": 0.998, "epochs": 14, "checkpointEvery": 0, "seed": 1}
                """);
        WaveNetConfig c = WaveNetConfig.read(file);
        assertThat(c)
                .isEqualTo(
                        WaveNetConfig.defaults()
                                .merged(Map.of("residual", 128, "skip", 256, "batch", 4))
                                .merged(Map.of("condition", "(a)_", "positions", 16))
                                .with("epochs", 14)
                                .with("weightDecay", 0.01));
        assertThat(List.of(c.dropout(), c.gain(), c.speed(), c.dither())).containsOnly(0.0);
        assertThat(c.alters()).isFalse();
    }
}
