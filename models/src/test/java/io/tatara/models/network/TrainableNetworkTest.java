package io.tatara.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.models.SharedData;
import io.tatara.models.vision.ImageData;
import io.tatara.models.vision.Images;
import io.tatara.models.vision.Normalization;
import io.tatara.runtime.Device;
import io.tatara.runtime.Gradients;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainableNetworkTest {
    private static final int BATCH = 24;

    /** After so many, what the running statistics began with is 0.9^90 = 8e-5 of them. */
    private static final int PASSES = 90;

    private static Network network(String text) {
        if (text.equals("pooled")) {
            NetworkBuilder b = new NetworkBuilder(text, 2, 9, 9);
            Node x = b.conv("conv", b.input(), 6, 3, 1);
            x = b.pool("max", b.relu6("relu", b.batchNorm("norm", x)), true, 3, 2, 1);
            b.linear("fc", b.flatten("flat", x), 3);
            return b.build();
        }
        String[] parts = text.split(" ");
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=");
            options.put(pair[0], pair[1]);
        }
        return ModelZoo.of(parts[0], options);
    }

    private static float[] noise(int n, long seed) {
        Random r = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) r.nextGaussian();
        }
        return x;
    }

    private static Tensor input(Scope s, Network n) {
        List<Integer> d = n.input().shape();
        float[] x = noise(BATCH * d.get(0) * d.get(1) * d.get(2), 5);
        return s.tensor(x, BATCH, d.get(0), d.get(1), d.get(2));
    }

    /**
     * When the running statistics have become one batch's own, inference on that batch must say
     * what training's forward pass does, but for the unbiased variance.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "resnet-8 resolution=16",
                "preresnet-8 resolution=16",
                "pyramidnet-8-12 resolution=16",
                "wrn-10-1 resolution=16",
                "densenet-bc-10-4 resolution=16",
                "mobilenet-v1 width=0.1 resolution=32 first-stride=1 classes=5",
                "mnist-net resolution=12",
                "pooled"
            })
    void inferenceSaysWhatTrainingDoes(String text) {
        Network n = network(text);
        try (Device device = Tatara.open("jvm");
                TrainableNetwork t = new TrainableNetwork(device, n, 3)) {
            assertThat(t.parameters().count()).isEqualTo(n.parameters());
            float[] trained = null;
            for (int i = 0; i < PASSES; i++) {
                try (Scope s = device.scope()) {
                    trained = t.forward(s.tape(), input(s, n), 0).toFloats();
                }
            }
            try (Scope s = device.scope();
                    Inference net = new Inference(device, n, t.parameters().save())) {
                float[] y = net.run(s, input(s, n)).toFloats();
                double difference = 0;
                double size = 0;
                for (int i = 0; i < y.length; i++) {
                    difference += Math.pow(y[i] - trained[i], 2);
                    size += Math.pow(trained[i], 2);
                }
                assertThat(Math.sqrt(difference / size)).isLessThan(0.1);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mobilenet-v2 width=0.1 resolution=32 classes=4, features.0.1",
        "densenet-bc-16-4 resolution=16, features.denseblock2.denselayer1.norm1"
    })
    void everyWeightGetsAGradientAndStatisticsMove(String text, String norm) {
        Network n = network(text);
        try (Device device = Tatara.open("jvm");
                TrainableNetwork t = new TrainableNetwork(device, n, 3);
                Scope s = device.scope()) {
            Tape tape = s.tape().watch(t.parameters().tensors());
            Tensor y = t.forward(tape, input(s, n), 0);
            Tensor loss = tape.ops().crossEntropy(y, s.tensor(new int[BATCH], BATCH), -1, 0);
            Gradients g = tape.backward(loss);
            for (Tensor p : t.parameters().tensors()) {
                double squares = 0;
                for (float v : g.of(p).toFloats()) {
                    squares += v * v;
                }
                assertThat(squares).isPositive();
            }
            Map<String, HostTensor> saved = t.parameters().save();
            for (float v : saved.get(norm + ".running_var").floats()) {
                assertThat(v).isNotEqualTo(1).isGreaterThanOrEqualTo(0.9f);
            }
            assertThat(t.parameters().names()).noneMatch(name -> name.contains("running"));
        }
    }

    @Test
    void aFileGivesBackWeightsAndStatistics(@TempDir Path folder) {
        Path file = folder.resolve("model.safetensors");
        Network n = network("resnet-8 resolution=16");
        try (Device device = Tatara.open("jvm");
                TrainableNetwork t = new TrainableNetwork(device, n, 3);
                TrainableNetwork other = new TrainableNetwork(device, n, 4);
                Scope s = device.scope()) {
            t.forward(s.tape(), input(s, n), 0);
            Map<String, HostTensor> saved = t.parameters().save();
            Safetensors.write(file, saved, Map.of("format", "pt"));
            Map<String, HostTensor> read = Safetensors.read(file).tensors();
            assertThat(read.keySet()).isEqualTo(saved.keySet());
            assertThat(read.get("conv1.weight").spec().shape()).isEqualTo(Shape.of(16, 3, 3, 3));
            assertThat(read.get("linear.weight").spec().shape()).isEqualTo(Shape.of(10, 64));
            assertThat(read.get("layer3.0.bn2.running_var").floats()).doesNotContain(1f);
            other.parameters().load(read);
            Map<String, HostTensor> again = other.parameters().save();
            saved.forEach((name, x) ->
                    assertThat(again.get(name).floats()).as(name).isEqualTo(x.floats()));
        }
    }

    @Test
    void runningStatisticsAreATenthOfTheBatchs() {
        NetworkBuilder b = new NetworkBuilder("norm", 1, 1, 2);
        b.batchNorm("norm", b.input());
        Network n = b.build();
        try (Device device = Tatara.open("jvm");
                TrainableNetwork t = new TrainableNetwork(device, n, 3);
                Scope s = device.scope()) {
            float[] x = {1, 2, 3, 6};
            t.forward(s.tape(), s.tensor(x, 2, 1, 1, 2), 0);
            assertThat(t.parameters().get("norm.running_mean").item())
                    .isCloseTo(0.3f, within(1e-6f));
            // The unbiased variance of 1, 2, 3, 6 is 14 / 3.
            assertThat(t.parameters().get("norm.running_var").item())
                    .isCloseTo(0.9f + 1.4f / 3, within(1e-6f));
        }
    }

    @Test
    void dropoutIsDrawnAnewEachStepAndNotInInference() {
        NetworkBuilder b = new NetworkBuilder("dropout", 1, 4, 4);
        b.dropout("drop", b.flatten("flat", b.input()), 0.5f);
        Network n = b.build();
        try (Device device = Tatara.open("jvm");
                TrainableNetwork t = new TrainableNetwork(device, n, 3);
                Inference net = new Inference(device, n, Map.of());
                Scope s = device.scope()) {
            Tensor x = s.full(1, 3, 1, 4, 4);
            float[] first = t.forward(s.tape(), x, 0).toFloats();
            assertThat(first).contains(0f, 2f);
            assertThat(t.forward(s.tape(), x, 0).toFloats()).isEqualTo(first);
            assertThat(t.forward(s.tape(), x, 1).toFloats()).isNotEqualTo(first);
            assertThat(net.run(s, x).toFloats()).containsOnly(1f);
        }
    }

    @Test
    void layersOverTimeAreRefused() {
        try (Device device = Tatara.open("jvm")) {
            assertThatThrownBy(() -> new TrainableNetwork(device, network("wavenet"), 1))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("not trained here");
        }
    }

    @Test
    @DisplayName("MNIST network of the Burn project (skipped where shared/data is not there)")
    void theMnistNetworkGivesItsLogitsAndAccuracy() {
        Path weights = SharedData.find("models/burn-mnist/mnist.safetensors");
        Path pictures = SharedData.find("mnist");
        assumeTrue(weights != null && pictures != null, "needs shared/data");
        Images test = ImageData.read(pictures).test();
        Normalization normal = new Normalization(List.of(0.1307), List.of(0.3081));
        int right = 0;
        try (Device device = Tatara.open("jvm");
                Inference net =
                        Inference.load(device, ModelZoo.of("mnist-net", Map.of()), weights)) {
            for (int from = 0; from < 2000; from += 250) {
                try (Scope s = device.scope()) {
                    float[] y =
                            net.run(s, s.tensor(normal.apply(test, from, 250), 250, 1, 28, 28))
                                    .toFloats();
                    if (from == 0) {
                        // By NumPy, in double, from the same weights.
                        float[] logits = {
                            -0.8510f, -1.4874f, -1.2559f, -1.4711f, -1.2602f, -2.1344f, -1.7488f,
                            8.7571f, -1.5893f, -0.8999f
                        };
                        for (int i = 0; i < 10; i++) {
                            assertThat(y[i]).isCloseTo(logits[i], within(2e-4f));
                        }
                    }
                    for (int i = 0; i < 250; i++) {
                        int best = 0;
                        for (int c = 1; c < 10; c++) {
                            best = y[i * 10 + c] > y[i * 10 + best] ? c : best;
                        }
                        right += best == test.labels()[from + i] ? 1 : 0;
                    }
                }
            }
        }
        assertThat(right).isEqualTo(1978);
    }
}
